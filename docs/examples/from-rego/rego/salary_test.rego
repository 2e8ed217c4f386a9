package httpapi.authz_test

import data.httpapi.authz

reports := {"bob": ["alice"], "betty": ["charlie"]}

test_own_salary if {
	authz.allow with input as {"user": "alice", "method": "GET", "path": ["finance", "salary", "alice"]}
}

test_managers_read_those_of_their_reports if {
	authz.allow with input as {"user": "bob", "method": "GET", "path": ["finance", "salary", "alice"]}
		with data.reports as reports
}

test_nobody_else if {
	not authz.allow with input as {"user": "bob", "method": "GET", "path": ["finance", "salary", "charlie"]}
		with data.reports as reports
}
