package wire

// ReadyVariable names the environment variable by which a client that starts
// the agent hands it one end of a pipe, as a descriptor's number. The agent
// writes one line there: [ReadyLine] when it listens, else why it does not.
const ReadyVariable = "MFAD_READY_FD"

// ReadyLine is what an agent says that listens.
const ReadyLine = "ready"
