package awstest

import "net/http"

// Fault is a harm that befalls one request.
type Fault string

// What [Server.Inject] can do.
const (
	// Throttle answers as STS does above its rate: 400 Throttling.
	Throttle Fault = "Throttling"
	// InternalFailure answers 500.
	InternalFailure Fault = "InternalFailure"
	// Unavailable answers 503.
	Unavailable Fault = "ServiceUnavailable"
	// DropBefore closes the connection and acts on nothing: no code is used up.
	DropBefore Fault = "drop-before"
	// DropAfter acts on the request, so that its code is used up, and closes
	// the connection instead of answering.
	DropAfter Fault = "drop-after"
)

// refusal is the answer of a fault that has one.
// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
func (f Fault) refusal() *apiError {
	switch f {
	case Throttle:
		return refuse(http.StatusBadRequest, "Throttling", "Rate exceeded")
	case Unavailable:
		return refuse(http.StatusServiceUnavailable, "ServiceUnavailable",
			"The request has failed due to a temporary failure of the server.")
	default:
		return refuse(http.StatusInternalServerError, "InternalFailure",
			"The request processing has failed because of an unknown error, exception or failure.")
	}
}
