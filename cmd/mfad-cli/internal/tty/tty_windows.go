package tty

const device = "CONOUT$"
