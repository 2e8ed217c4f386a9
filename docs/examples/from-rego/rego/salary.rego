package httpapi.authz

default allow := false

# People read their own salary.
allow if {
	input.method == "GET"
	input.path == ["finance", "salary", input.user]
}

# Managers read the salaries of those who report to them.
allow if {
	input.method == "GET"
	some employee in data.reports[input.user]
	input.path == ["finance", "salary", employee]
}
