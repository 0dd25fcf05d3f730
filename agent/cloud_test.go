package agent

import (
	"net/http/httptest"
	"testing"

	"github.com/mfad/mfad/credproc/awstest"
)

// cloud is a stand-in AWS with one user, who has a key and a device.
type cloud struct {
	*awstest.Server
	url    string
	user   *awstest.User
	key    awstest.Key
	device awstest.Device
}

func (b *bench) newCloud(t testing.TB) *cloud {
	t.Helper()
	c := &cloud{Server: awstest.New(awstest.Options{Now: b.clock.now})}
	c.enrol(t)
	return c
}

// enrol puts the stand-in on the network and gives its user a key and a device.
func (c *cloud) enrol(t testing.TB) {
	t.Helper()
	web := httptest.NewServer(c.Server)
	t.Cleanup(web.Close)
	c.url = web.URL
	if c.user == nil {
		c.user = c.AddUser("alice")
	}
	var err error
	if c.key, err = c.user.AddKey(); err != nil {
		t.Fatal(err)
	}
	if c.device, err = c.user.AddDevice("phone"); err != nil {
		t.Fatal(err)
	}
}

// askedForTime counts the requests that bear neither an action nor a signature.
func (c *cloud) askedForTime() (n int) {
	for _, e := range c.Journal() {
		if e.Action == "" && e.KeyID == "" {
			n++
		}
	}
	return n
}

// role adds a role that the user may assume with MFA.
func (c *cloud) role(t testing.TB, name string) string {
	t.Helper()
	arn, err := c.AddRole(awstest.Role{Name: name, Trust: awstest.Trust{Principals: []string{c.user.ARN}, MFA: true}})
	if err != nil {
		t.Fatal(err)
	}
	return arn
}

// openRole adds a role that the user may assume without MFA.
func (c *cloud) openRole(t testing.TB, name string) string {
	t.Helper()
	arn, err := c.AddRole(awstest.Role{Name: name, Trust: awstest.Trust{Principals: []string{c.user.ARN}}})
	if err != nil {
		t.Fatal(err)
	}
	return arn
}
