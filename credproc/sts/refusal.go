package sts

import (
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/aws"
)

// refusals are STS's texts as they were met: those of MFA all come under
// AccessDenied and differ by their words alone.
// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
var refusals = []aws.Refusal{
	{
		Code: "AccessDenied", Text: "invalid MFA one time pass code", Class: credproc.ErrCodeRefused,
		Sentence: "AWS refused the MFA code: it is wrong, or was used before",
	},
	{
		Code: "AccessDenied", Text: "unable to validate MFA code", Class: credproc.ErrDeviceRefused,
		Sentence: "AWS refused the MFA device: its serial number is wrong, or it is not this user's",
	},
	{
		Code: "AccessDenied", Text: "must provide both MFA serial number", Class: credproc.ErrInvalid,
		Sentence: "AWS wants both the serial number of the MFA device and its code",
	},
	{
		Code: "AccessDenied", Text: "with session credentials", Class: credproc.ErrDenied,
		Sentence: "AWS makes sessions of long-term access keys only, and these are temporary",
	},
	{
		Code: "AccessDenied", Text: "by root accounts", Class: credproc.ErrDenied,
		Sentence: "AWS lets no root user assume a role: use an IAM user's key",
	},
	{
		Code: "ValidationError", Text: "'tokenCode'", Class: credproc.ErrCodeRefused,
		Sentence: "AWS refused the MFA code: it must have 6 digits",
	},
	{
		Code: "ValidationError", Text: "'serialNumber'", Class: credproc.ErrDeviceRefused,
		Sentence: "AWS refused the MFA device: that is no serial number",
	},
	{
		Code: "ValidationError", Text: "role chaining", Class: credproc.ErrTooLong,
		Sentence: "AWS limits the session of a role that is assumed with temporary credentials to 1 hour",
	},
	{
		Code: "ValidationError", Text: "MaxSessionDuration", Class: credproc.ErrTooLong,
		Sentence: "the role does not allow sessions that long",
	},
	{
		Code: "ValidationError", Text: "'durationSeconds'", Class: credproc.ErrTooLong,
		Sentence: "AWS allows no session of that length",
	},
	{
		Code: "RegionDisabledException", Class: credproc.ErrInvalid,
		Sentence: aws.Where + " is not activated for this account",
	},
}
