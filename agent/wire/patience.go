package wire

import "time"

// Patience is how long the agent works on credentials: clients of
// credential_process give up after 60 s.
const Patience = 55 * time.Second

// LastWord is how long a client waits for them: longer than the agent works, for
// the agent can say why there are none, and shorter than who called the client.
const LastWord = Patience + 3*time.Second
