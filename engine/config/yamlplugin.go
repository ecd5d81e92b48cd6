package config

import "go.yaml.in/yaml/v4"

func (y *yamlReader) plugin(n *yaml.Node, where string) Plugin {
	p := Plugin{Line: n.Line}
	y.mapping(n, where, keys{
		"name":  y.oneOf(&p.Name, pluginNames),
		"start": y.setBool(&p.Start),
		"watch": y.setPath(&p.Watch),
		"command": func(n *yaml.Node, where string) {
			p.Command = &CommandPlugin{}
			y.mapping(n, where, keys{
				"prefix": y.setText(&p.Command.Prefix), "suffix": y.setText(&p.Command.Suffix),
				"ignoreError": y.setBool(&p.Command.IgnoreError),
				"include": func(n *yaml.Node, where string) {
					y.list(n, where, func(n *yaml.Node, where string) {
						if s, ok := y.text(n, where); ok {
							p.Command.Include = append(p.Command.Include, s)
						}
					})
				},
			})
		},
		"socket": func(n *yaml.Node, where string) {
			p.Socket = &SocketPlugin{}
			y.mapping(n, where, keys{"ip": y.setText(&p.Socket.IP), "port": y.setInt(&p.Socket.Port, 1, 65535)})
		},
		"refreshCDN": func(n *yaml.Node, where string) {
			p.CDN = &CDNPlugin{}
			y.mapping(n, where, keys{
				"domain": y.setText(&p.CDN.Domain), "port": y.setInt(&p.CDN.Port, 1, 65535),
				"user": y.setText(&p.CDN.User), "password": y.setText(&p.CDN.Password),
				"base": y.setText(&p.CDN.Base), "regex": y.setBool(&p.CDN.Regex), "match": y.setText(&p.CDN.Match),
			})
		},
	})
	if !y.has(n, "name") {
		y.fault(n.Line, join(where, "name"), "is missing", "write the plugin's name")
	}
	return p
}
