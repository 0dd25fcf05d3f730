package clipboard

// tools in the order of preference.
var tools = []tool{
	{copy: []string{"pbcopy"}, paste: []string{"pbpaste"}},
}
