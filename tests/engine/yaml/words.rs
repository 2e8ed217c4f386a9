//! Parts of random manifests.

/// Keys of manifests.
#[rustfmt::skip]
pub(super) const KEYS: &[&str] = &[
    "apiVersion", "kind", "metadata", "name", "labels", "annotations", "spec", "containers",
    "initContainers", "image", "args", "command", "env", "value", "ports", "containerPort",
    "securityContext", "privileged", "runAsUser", "runAsNonRoot", "capabilities", "add", "drop",
    "hostNetwork", "hostPID", "hostPath", "volumes", "path", "procMount", "seccompProfile",
    "type", "sysctls", "template", "app.kubernetes.io/name", "data", "a", "b", "c d", "é",
];

/// Keys that readers of YAML differ in.
#[rustfmt::skip]
pub(super) const ODD_KEYS: &[&str] = &[
    "y", "no", "null", "~", "1", "01", "0x1", "1.0", "1.5", "1e3", "-1", "true", "<<", "=",
    "2001-01-01", "''", "\"\"", "\"a\\u0062\"", "'it''s'", "? a", "?a", "[a]", "{a: b}", "*x",
    "&k key", "!!str 1", "!!int '1'", "a:b", "a#b", "a #b", "-", "- a", "18446744073709551615",
    ".inf", "1_0", "!t k", "\"<<\"", "\"1\"", "'y'", "!!str", "!!null", "&e", "0.1", "100000",
    "1000000.0", "0.00001", "-0.0",
];

/// Values of manifests.
#[rustfmt::skip]
pub(super) const VALUES: &[&str] = &[
    "Pod", "v1", "nginx", "nginx:1.27", "registry.example/a/b@sha256:0123", "true", "false",
    "web", "Unmasked", "RuntimeDefault", "ALL", "NET_ADMIN", "/var/run/docker.sock", "1000",
    "8080", "0", "two words", "a longer text of several words", "http://example.org/a=b&c=d#e",
];

/// Values that readers of YAML differ in.
#[rustfmt::skip]
pub(super) const ODD_VALUES: &[&str] = &[
    "http://example.org/?a=b&c",
    "", "~", "null", "Null", "NULL", "nULL", "yes", "Yes", "yEs", "no", "NO", "on", "Off", "oFF",
    "y", "N", "True", "tRUE", "TRUE", "1.00065e+09", "1e3", "1E3", "1000.0", "-0", "-0.0", "+1",
    "+0", ".5", "1.", "-.5", "+.5e1", "012", "08", "0o17", "0O7", "0x1F", "0X1f", "0b101", "0B1",
    "0b+1", "0b-1", "-0b1", "0b", "0x", "1_000", "_1", "1__0", "0x_1", "1_0.5", ".5_0", "._5",
    ".5_", ".5_e1", ".5e1_0", "1_.5", "1e1_0", "190:20:30", "1:2", "1e400", "1e-400", "-1e400",
    "18446744073709551615", "18446744073709551616", "-9223372036854775808",
    "-9223372036854775809", "9223372036854775807", "9223372036854775808", "+9223372036854775808",
    "0xFFFFFFFFFFFFFFFF", "0x1FFFFFFFFFFFFFFFF", "1e21", "1e20", "123456789012345678901234567890",
    "1e-6", "1e-7", "0.1", "3.14159", "1.7976931348623157e308", "5e-324", "2001-01-01",
    "2001-01-01T00:00:00Z", "2001-1-1 1:1:1", "2001-99-99", ".inf", "-.INF", "+.Inf", ".nan",
    ".NaN", "=", "<<", "-", "--", "-a", "- a", "-1", "?", "?a", "? a", "a?b", "a? b", ":", ":a",
    "a:", "a:b", "a: b", "::", "#a", "a#b", "a #b", "a\t#b", "a\tb", "%a", "@a", "`a`", "&x",
    "&x a", "&y {a: 1}", "*x", "*y", "*z", "!", "! a", "! 1", "! '1'", "!a b", "!null Unmasked",
    "!str a", "!!str 1", "!!str", "!!int '1'", "!!int 1.0", "!!int a", "!!float 1", "!!float 1.5",
    "!!float '1'", "!!float 18446744073709551615", "!!bool yes", "!!bool 'no'", "!!null ''",
    "!!null a", "!!binary YQ==", "!!timestamp 2001-01-01", "!!set {a}", "!!map {a: 1}",
    "!!seq [a]", "!!map [a]", "!!omap [a: 1]", "!<tag:yaml.org,2002:str> 1",
    "!<tag:yaml.org,2002:int> 1", "!<!a> b", "!e!a b", "!!", "!!str,", "'a'", "''", "'it''s'",
    "'a\\b'", "\"a\"", "\"\"", "\"\\x41\"", "\"\\u0041\"", "\"\\U0001F600\"",
    "\"\\ud83d\\ude00\"", "\"\\/\"", "\"\\'\"", "\"\\e\\0\\a\\N\\_\\L\\P\"", "\"\\q\"",
    "\"a\\\tb\"", "\"\\ a\"", "\"\\x4\"", "'1'", "\"null\"", "\"~\"", "[]", "{}", "[a, b]",
    "[a,b]", "[a,]", "[,a]", "[a,,b]", "[a b: c]", "[a: b]", "[a: b, c]", "[\"a\":b]", "[a:b]",
    "[a?b]", "[a: ]", "[:a]", "[: a]", "[? a]", "[?a: b]", "[-a]", "[-]", "[- a]", "[a]b",
    "[a] b", "[a]#b", "{a: b}", "{a:b}", "{a: b, c}", "{a, b: c}", "{\"a\":b}", "{'a':b, c: d}",
    "{a: b,}", "{,}", "{a: b c: d}", "{?a: b}", "{? a: b}", "{a?: b}", "{a: ?b}", "{a: b?c}",
    "{: a}", "{a:: b}", "{a: :b}", "{a: -b}", "{a: [b, {c: d}]}", "{a: 'b'c}", "{a: b}: c",
    "[a]: b", "{<<: *y, b: 2}", "{b: 2, <<: *y}", "{<<: [*y, {a: 2}]}", "{<<: *x}", "{<<: a}",
    "{1: a, '1': b}", "{1: a, 0x1: b}", "{a: 1, a: 2}", "{true: a, yes: b}", "{\"<<\": *y}",
    "{&a b: c, d: *a}", "{*x : a}", "{*x: a}", "*x : a", "|", ">", "|-", "|+", ">2", "|x", "| a",
    "|#a", "| #a", "\u{feff}a", "a\u{85}b", "a\u{2028}b", "a\u{a0}b", "\u{1f600}", "a\u{7f}b",
    "a\rb", "\u{0}", "\u{1}", "\u{fffe}", "é",
];

/// Tokens that break a text at any place.
#[rustfmt::skip]
pub(super) const TOKENS: &[&str] = &[
    " ", "  ", "\n", "\n\n", "\t", ":", ": ", "- ", "-", "? ", "?", ",", ", ", "[", "]", "{", "}",
    "#", " #", "&x ", "*x", "!", "!!str ", "|", "|\n", ">", ">-\n", "'", "\"", "\\", "%", "@",
    "`", "<<: ", "---\n", "\n---\n", "...\n", "\n...\n", "--- ", "---#\n", "\n--- #\n", "\r\n",
    "\r", "\u{85}", "\u{feff}", "%YAML 1.1\n", "%YAML 1.2\n---\n", "%TAG ! !\n", "~", "null", "=",
    "0", "_", ".", "+", "e", "\\\n", "''", "\"\"", ": |\n", " a: b", "\n  a: b\n", "\n- a\n",
    "\n# c\n", "é",
];

/// Texts before a document.
pub(super) const HEADS: &[&str] =
    &["---\n", "# head\n", "\n", "--- # a\n", "--- ", "---\t\n", "%YAML 1.1\n---\n", "...\n"];

/// Texts behind a document.
#[rustfmt::skip]
pub(super) const TAILS: &[&str] = &[
    "---\n", "...\n", "# tail\n", "--- #\nkind: Pod\n", "\n\n", "...\n---\na: b\n", "... #\n",
    "---\nnull\n", "---\n~\n---\nkind: Pod\n", "...\na: b\n",
];

/// Texts before a value.
#[rustfmt::skip]
pub(super) const PROPERTIES: &[&str] = &[
    "&x ", "&y ", "&z ", "!!map ", "!!seq ", "!!str ", "!a ", "&x !!map ", "!!map &y ", "&x\n  ",
];

/// Texts at the end of a line.
pub(super) const LINE_ENDS: &[&str] = &[" # why", " #", "#x", " ", "\t", " \t# y", "\r"];

/// Texts between two lines.
pub(super) const BETWEEN_LINES: &[&str] =
    &["\n", "# c\n", "  # c\n", "   \n", "\t\n", "      # c\n"];

/// Texts between a key and its value.
pub(super) const COLONS: &[&str] = &[" : ", ":\t", ":  ", ":", " :", ": \t"];

/// Texts between the lines of one scalar.
#[rustfmt::skip]
pub(super) const GAPS: &[&str] =
    &["\n\n", " \n", "\t\n", "\\\n", "\r\n", "\n\n\n", "\n \t\n", " \\\n", "\\\n\n"];

/// Texts on one of many lines.
#[rustfmt::skip]
pub(super) const LONG_WORDS: &[&str] = &[
    "a: b", "# no", "- x", "it", "b #c", "{", "? d", "--- e", "\\", "1", "---", "...", "'", "''", "\"", "\\\"",
];

/// Texts between two parts of a flow collection.
pub(super) const FLOW_SPACES: &[&str] = &["\n", "\n  ", " # c\n ", "\t", "  ", "", "\n\t", "#"];
