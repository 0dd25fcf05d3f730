//go:build unix && !darwin

package clipboard

// tools in the order of preference. The first two own the selection
// while they run and give it once.
var tools = []tool{
	{needs: "WAYLAND_DISPLAY", copy: []string{"wl-copy", "--foreground", "--paste-once"}},
	{needs: "DISPLAY", copy: []string{"xclip", "-quiet", "-selection", "clipboard", "-loops", "1"}},
	{needs: "WSL_DISTRO_NAME", copy: []string{"clip.exe"}, paste: []string{"powershell.exe", "-NoProfile", "-Command", "Get-Clipboard"}},
}
