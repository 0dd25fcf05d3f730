package wire

import (
	"github.com/mfad/mfad/internal/human"
)

// PromptParams puts a question to the person at the client's end. ID names it
// for [PromptCancelParams].
type PromptParams struct {
	ID string `json:"id"`
	human.Question
}

// PromptResult is the answer. Who declines is [errcode.Dismissed].
type PromptResult = human.Answer

// PromptNoticeParams shows a line while the call waits; empty takes it away.
type PromptNoticeParams struct {
	Text string `json:"text"`
}

// PromptCancelParams withdraws a prompt: its answer is wanted no more.
type PromptCancelParams struct {
	ID string `json:"id"`
}
