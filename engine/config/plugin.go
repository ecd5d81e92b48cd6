package config

// Plugin is called after a path reached its targets.
type Plugin struct {
	Name  string // command, socket, refreshCDN, http
	Start bool   // sersync2's <plugin start="true" name="…"/>
	Line  int
	// Watch is the plugin's own localpath@watch; "" if it has none.
	Watch   string
	Command *CommandPlugin
	Socket  *SocketPlugin
	CDN     *CDNPlugin
}

// The plugins that sersync2 knew. http was documented, but not compiled since 2.2.
var pluginNames = []string{"command", "socket", "refreshCDN", "http"}

// CommandPlugin runs PREFIX PATH SUFFIX.
type CommandPlugin struct {
	Prefix, Suffix string
	IgnoreError    bool
	Include        []string // expressions that must match the whole absolute path; nil: all paths
}

// SocketPlugin sends the absolute path over TCP.
type SocketPlugin struct {
	IP   string
	Port int
}

// CDNPlugin asks ChinaCache to fetch anew.
type CDNPlugin struct {
	Domain, User, Password string
	Port                   int
	Base                   string
	Regex                  bool
	Match                  string
}
