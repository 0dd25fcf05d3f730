//go:build cgo && (linux || darwin)

package main

import (
	"os"
	"strings"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/fido2"
	"github.com/mfad/mfad/token/piv"
	"github.com/mfad/mfad/token/serve"
)

// drivers has a row for each kind of key. The service and age's plugin go over
// the same.
func drivers() serve.Drivers {
	return serve.Drivers{
		pivDriver{},
		fido2Keys(),
	}
}

// newService is what the program can do for the agent.
func newService() *serve.Service {
	return &serve.Service{
		Drivers: drivers(),
		Lists:   []serve.List{listCards, fido2Keys().List},
		Methods: map[string]serve.Method{
			token.MethodOATHCode:    serve.Bind(operated(operation.oathCode)),
			token.MethodOATHDay:     serve.Bind(operated(operation.oathDay)),
			token.MethodOATHPut:     serve.Bind(operated(operation.oathPut)),
			token.MethodOATHDelete:  serve.Bind(operated(operation.oathDelete)),
			token.MethodOATHAccess:  serve.Bind(operated(operation.oathAccess)),
			token.MethodOATHProtect: serve.Bind(operated(operation.oathProtect)),
		},
		Idle: piv.Idle,
	}
}

// devicesVariable names FIDO2 devices that discovery does not find.
const devicesVariable = "MFAD_FIDO2_DEVICES"

func fido2Keys() fido2.Driver {
	isSeparator := func(r rune) bool { return r == os.PathListSeparator }
	return fido2.Driver{Configured: strings.FieldsFunc(os.Getenv(devicesVariable), isSeparator)}
}
