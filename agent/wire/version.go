package wire

// Version is this build's version, for messages alone: what decides whether
// two programs understand each other is [Protocol]. The Makefile sets it.
var Version = "dev"
