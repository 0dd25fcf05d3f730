package awstest

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/xml"
	"net/http"
	"time"
)

// apiError is an error answer of the query protocol.
// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
type apiError struct {
	Status        int // HTTP
	Code, Message string
}

func refuse(status int, code, message string) *apiError { return &apiError{status, code, message} }

// fault tells whose it is, in AWS's words.
func (r *apiError) fault() string {
	if r.Status >= http.StatusInternalServerError {
		return "Receiver"
	}
	return "Sender"
}

type errorXML struct {
	XMLName xml.Name `xml:"ErrorResponse"`
	XMLNS   string   `xml:"xmlns,attr"`
	Type    string   `xml:"Error>Type"`
	Code    string   `xml:"Error>Code"`
	Message string   `xml:"Error>Message"`

	RequestID string `xml:"RequestId"`
}

// answerXML is a success; result marshals itself under ACTIONResult.
type answerXML struct {
	XMLName   xml.Name
	XMLNS     string `xml:"xmlns,attr"`
	Result    any
	RequestID string `xml:"ResponseMetadata>RequestId"`
}

type credentialsXML struct {
	AccessKeyID     string `xml:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      string
}

type sessionTokenXML struct {
	XMLName     xml.Name       `xml:"GetSessionTokenResult"`
	Credentials credentialsXML `xml:"Credentials"`
}

type assumeRoleXML struct {
	XMLName          xml.Name       `xml:"AssumeRoleResult"`
	Credentials      credentialsXML `xml:"Credentials"`
	AssumedRoleID    string         `xml:"AssumedRoleUser>AssumedRoleId"`
	ARN              string         `xml:"AssumedRoleUser>Arn"`
	PackedPolicySize int            `xml:",omitempty"`
	SourceIdentity   string         `xml:",omitempty"`
}

type callerIdentityXML struct {
	XMLName xml.Name `xml:"GetCallerIdentityResult"`
	ARN     string   `xml:"Arn"`
	UserID  string   `xml:"UserId"`
	Account string
}

// reply is an answer: what was granted, or why not.
type reply struct {
	action  string
	result  any
	refusal *apiError
}

// write sends the answer with AWS's headers; the Date is the server's clock.
func (a reply) write(w http.ResponseWriter, now time.Time) {
	id, status, namespace := requestID(), http.StatusOK, asked(a.action).namespace
	var body any = answerXML{
		XMLName: xml.Name{Local: a.action + "Response"}, XMLNS: namespace, Result: a.result, RequestID: id,
	}
	if r := a.refusal; r != nil {
		status = r.Status
		body = errorXML{XMLNS: namespace, Type: r.fault(), Code: r.Code, Message: r.Message, RequestID: id}
	}
	text, err := xml.MarshalIndent(body, "", "  ")
	if err != nil {
		panic(err) // structs of strings always marshal
	}
	h := w.Header()
	h.Set("Date", now.Format(http.TimeFormat))
	h.Set("X-Amzn-Requestid", id)
	h.Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // a client that left is no fault
}

// requestID is a random UUID.
func requestID() string {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails
	raw[6], raw[8] = raw[6]&0x0f|0x40, raw[8]&0x3f|0x80
	h := hex.EncodeToString(raw[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
