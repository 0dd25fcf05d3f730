package main

// clipboardTools in the order of preference.
var clipboardTools = []clipboardTool{
	{copy: []string{"pbcopy"}, paste: []string{"pbpaste"}},
}
