module github.com/mfad/mfad

go 1.26.0

require (
	filippo.io/age v1.3.2 // the vault's file format: any age tool opens it
	filippo.io/hpke v0.4.0 // opens what age wraps for a P-256 key on a token (p256tag)
	github.com/aws/aws-sdk-go-v2 v1.47.7 // signing, retries and transport of the AWS calls
	github.com/aws/aws-sdk-go-v2/credentials v1.20.15 // credential_source: EC2 and ECS
	github.com/aws/aws-sdk-go-v2/service/sts v1.51.8 // GetSessionToken, AssumeRole, GetCallerIdentity
	github.com/aws/smithy-go v1.28.8 // the errors and transport of aws-sdk-go-v2
	github.com/coreos/go-systemd/v22 v22.7.0 // a socket that systemd holds for the agent
	github.com/go-piv/piv-go/v2 v2.6.0 // the PIV applet of a YubiKey
	github.com/godbus/dbus/v5 v5.2.4 // asks the bus whether there is a keychain before go-keyring may hang on it
	github.com/keys-pub/go-libfido2 v1.5.3 // FIDO2 keys with hmac-secret, through libfido2
	github.com/makiuchi-d/gozxing v0.1.1 // reads QR pictures; in a process of its own
	github.com/pquerna/otp v1.5.0 // computes the codes of RFC 6238
	github.com/sourcegraph/jsonrpc2 v0.2.3 // JSON-RPC 2.0 in both directions, without net/http
	github.com/spf13/cobra v1.10.2 // verbs, help and completion of four shells
	github.com/spf13/pflag v1.0.9 // cobra's flags, for the man pages
	github.com/zalando/go-keyring v0.2.8 // the keychains of Linux, macOS and Windows
	golang.org/x/crypto v0.58.0 // ChaCha20-Poly1305, with which age wraps file keys
	golang.org/x/sys v0.49.0 // flock, mlock, prctl, peer credentials
	golang.org/x/term v0.47.0 // prompts without echo
	google.golang.org/protobuf v1.36.12 // protowire alone: the payload of otpauth-migration URIs
)

// The tests' own.
require (
	github.com/aws/aws-sdk-go-v2/config v1.33.15 // the Go SDK as a foreign client of credential_process
	github.com/creack/pty v1.1.24 // opens the pseudo terminals at which programs ask
	github.com/fxamacker/cbor/v2 v2.9.6 // what the virtual FIDO2 key speaks
	github.com/google/go-cmp v0.7.0 // differences that a person can read
	github.com/rogpeppe/go-internal v1.16.0 // testscript: the command line as txtar scripts
	rsc.io/qr v0.2.0 // draws the QR codes that the reader must read
)

require (
	github.com/aws/aws-sdk-go-v2/feature/ec2/imds v1.20.7 // indirect
	github.com/aws/aws-sdk-go-v2/internal/configsources v1.5.10 // indirect
	github.com/aws/aws-sdk-go-v2/internal/endpoints/v2 v2.8.10 // indirect
	github.com/aws/aws-sdk-go-v2/internal/v4a v1.5.10 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/accept-encoding v1.13.24 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/presigned-url v1.14.10 // indirect
	github.com/aws/aws-sdk-go-v2/service/signin v1.12.3 // indirect
	github.com/aws/aws-sdk-go-v2/service/sso v1.39.3 // indirect
	github.com/aws/aws-sdk-go-v2/service/ssooidc v1.44.3 // indirect
	github.com/boombuler/barcode v1.0.1-0.20190219062509-6c824513bacc // indirect
	github.com/danieljoos/wincred v1.2.3 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/pkg/errors v0.9.1 // indirect
	github.com/x448/float16 v0.8.4 // indirect
	golang.org/x/text v0.43.0 // indirect
	golang.org/x/tools v0.51.0 // indirect
	golang.org/x/xerrors v0.0.0-20200804184101-5ec99f83aff1 // indirect
)
