# By the settings of `http-authz` themselves, as data.
package rbac

default allow := false

allow if {
	some role in input.roles
	some grant in data.roles[role]
	some method in grant.methods
	method in {"*", input.method}
	some pattern in grant.paths
	glob.match(pattern, ["/"], path)
}

path := split(input.path, "?")[0]
