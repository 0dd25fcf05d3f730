package main

// clipboardTools in the order of preference.
var clipboardTools = []clipboardTool{
	{copy: []string{"clip.exe"}, paste: []string{"powershell.exe", "-NoProfile", "-Command", "Get-Clipboard"}},
}
