package rbac

default allow := false

allow if {
	some role in input.roles
	some grant in data.roles[role]
	method_matches(grant)
	some prefix in grant.prefixes
	startswith(input.path, prefix)
}

method_matches(grant) if input.method in grant.methods

method_matches(grant) if grant.any_method
