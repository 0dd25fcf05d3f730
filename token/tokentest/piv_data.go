package tokentest

import "bytes"

// getData is SP 800-73-4 part 2, 3.1.2.
func (a *pivApplet) getData(c command) ([]byte, status) {
	if c.p1 != 0x3f || c.p2 != 0xff {
		return nil, swWrongP1P2
	}
	name, ok := only(c.data, 0x5c)
	if !ok {
		return nil, swWrongData
	}
	id, ok := objectID(name)
	if !ok {
		return nil, swFileNotFound
	}
	switch id {
	case objectDiscovery:
		return a.discovery(), swOK
	case objectPrinted, objectFingerprint, objectFace, objectIris:
		if !a.verified {
			return nil, swSecurity
		}
	}
	content, ok := a.objects[id]
	if !ok {
		return nil, swFileNotFound
	}
	return appendTLV(nil, 0x53, content...), swOK
}

// discovery tells that the applet's own PIN is the one (part 1, 3.3.2).
func (a *pivApplet) discovery() []byte {
	inside := appendTLV(nil, 0x4f, a.aid()...)
	return appendTLV(nil, objectDiscovery, appendTLV(inside, 0x5f2f, 0x40, 0x00)...)
}

// putData is 3.3.2; an empty content deletes.
func (a *pivApplet) putData(c command) ([]byte, status) {
	if c.p1 != 0x3f || c.p2 != 0xff {
		return nil, swWrongP1P2
	}
	if !a.authed {
		return nil, swSecurity
	}
	objects, ok := parseTLVs(c.data)
	if !ok || len(objects) != 2 || objects[0].tag != 0x5c || objects[1].tag != 0x53 {
		return nil, swWrongData
	}
	id, ok := objectID(objects[0].value)
	if !ok || id <= 0xffff {
		return nil, swFileNotFound
	}
	content := objects[1].value
	switch {
	case len(content) > maxObject:
		return nil, swFull
	case len(content) == 0:
		delete(a.objects, id)
	default:
		a.objects[id] = bytes.Clone(content)
	}
	return nil, swOK
}

// objectID reads the name of an object: 7e, 7f61, or three bytes from 5f.
func objectID(name []byte) (id int, ok bool) {
	for _, b := range name {
		id = id<<8 | int(b)
	}
	switch len(name) {
	case 1:
		return id, id == objectDiscovery
	case 2:
		return id, id == 0x7f61
	case 3:
		return id, name[0] == 0x5f
	}
	return 0, false
}

// Object is the content of an object of the PIV applet, nil if there is none:
// 0x5fc105 is the certificate of slot 9a.
func (y *YubiKey) Object(id int) []byte {
	y.mu.Lock()
	defer y.mu.Unlock()
	return bytes.Clone(y.piv.objects[id])
}
