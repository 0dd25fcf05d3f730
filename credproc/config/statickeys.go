package config

var staticKeysRule = SourceRule{
	Keys: staticKeys,
	Read: func(p *Profile) (Source, Origin, error) {
		keys, err := p.static(p.keyLayers())
		if keys == nil || err != nil {
			return nil, Origin{}, err
		}
		return *keys, keys.ID.Origin, nil
	},
}

// static reads keys that stand in a file: all of them in the first that has
// any, for a key is no use with the secret or the token of another. It is nil
// when there are none.
func (p *Profile) static(from []layer) (*StaticKeys, error) {
	for i := range from {
		one := from[i : i+1]
		_, _, hasID := lookUp(one, keyAccessKeyID)
		if _, _, hasSecret := lookUp(one, keySecretAccessKey); hasID || hasSecret {
			from = one
			break
		}
	}
	id, idAt, hasID := lookUp(from, keyAccessKeyID)
	secret, secretAt, hasSecret := lookUp(from, keySecretAccessKey)
	token, tokenAt, hasToken := lookUp(from, keySessionToken)
	if !hasToken {
		token, tokenAt, hasToken = lookUp(from, keySecurityToken)
	}
	partial := func(at Origin, has, lacks string) (*StaticKeys, error) {
		return nil, Value{Origin: at}.Fault("profile %q has %s and no %s; write both or none", p.name, has, lacks)
	}
	switch {
	case hasID && !hasSecret:
		return partial(idAt, keyAccessKeyID, keySecretAccessKey)
	case hasSecret && !hasID:
		return partial(secretAt, keySecretAccessKey, keyAccessKeyID)
	case hasToken && !hasID:
		return partial(tokenAt, keySessionToken, keyAccessKeyID)
	case !hasID:
		return nil, nil
	case !isAccessKeyID(string(id)):
		return nil, Value{Origin: idAt}.Fault("aws_access_key_id of profile %q is not an access key id;"+
			" write the one that IAM shows, such as AKIA…; for a stand-in of AWS, AKIAIOSFODNN7EXAMPLE does", p.name)
	}
	keys := &StaticKeys{ID: Value{string(id), idAt}, Secret: Sensitive{secret, secretAt}}
	if hasToken {
		keys.Token = Sensitive{token, tokenAt}
	}
	var err error
	keys.Account, err = p.account()
	return keys, err
}

// account is the account that a profile says its own credentials are of.
func (p *Profile) account() (Value, error) {
	v, ok := p.Setting(keyAccountID)
	if ok && !isAccount(v.Text) {
		return Value{}, v.Fault("%s %q is not an account; write its 12 digits", keyAccountID, v.Text)
	}
	return v, nil
}
