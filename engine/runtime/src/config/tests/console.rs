use super::*;

fn console(case: &Case) -> ConsoleConfig {
    case.load().config.console.expect("a console")
}

#[test]
fn address_alone_is_a_whole_console() {
    let expected =
        |listen: &str| ConsoleConfig { listen: address(listen), decisions: None, try_it: true };
    let at = "127.0.0.1:8383";
    assert_eq!(console(&Case::yaml("console: 127.0.0.1:8383\n")), expected(at));
    assert_eq!(console(&Case::default().env("POLICY_ENGINE_CONSOLE", at)), expected(at));
    assert_eq!(console(&Case::default().set("console=127.0.0.1:8383")), expected(at));
    let flag = Case::yaml("console: {listen: '127.0.0.1:1', try-it: false}\n")
        .flags(|flags| flags.console = Some(at.to_owned()));
    assert_eq!(console(&flag), ConsoleConfig { try_it: false, ..expected(at) });
    let socket = Case::yaml("console: {listen: 'unix:///run/c.sock', decisions: 16MiB}\n");
    assert_eq!(console(&socket).decisions, Some(16 << 20));
    let whole = ConsoleConfig { decisions: Some(16 << 20), try_it: false, ..expected(at) };
    assert_eq!(console(&Case::yaml(YAML)), whole);
    assert!(Case::default().load().config.console.is_none());
}

#[test]
fn address_of_diagnostics_may_be_that_of_the_console() {
    let case = Case::yaml("diagnostic-listen: ['127.0.0.1:8282']\nconsole: 127.0.0.1:8282\n");
    assert_eq!(console(&case).listen, address("127.0.0.1:8282"));
    assert_eq!(
        Case::yaml("listen: ['127.0.0.1:8282']\nconsole: 127.0.0.1:8282\n").mistakes(),
        [
            "`c.yaml` line 2 column 10: `console.listen` is `127.0.0.1:8282`, where `listen` listens \
             already"
        ]
    );
}

#[test]
fn address_that_others_reach_needs_tokens_or_certificates() {
    for text in [
        "console: '[::1]:8383'\n",
        "console: '[::ffff:127.0.0.1]:8383'\n",
        "console: 0.0.0.0:8383\ntokens: /t\n",
        "console: https://0.0.0.0:8383\ntls: {certificate: /c, key: /k, client-ca: /a}\n",
    ] {
        console(&Case::yaml(text));
    }
    let reached = "which other machines reach, and whoever reaches it sees what is decided: set \
                   `tokens`, make it an `https://` address with `tls.client-ca`, or listen on \
                   `127.0.0.1`";
    assert_eq!(
        Case::yaml("console: 0.0.0.0:8383\n").mistakes(),
        [format!("`c.yaml` line 1 column 10: `console.listen` is `0.0.0.0:8383`, {reached}")]
    );
    assert_eq!(
        Case::yaml(
            "console: https://10.0.0.1:1\ntls: {certificate: /c, key: /k}\nlisten: [1.1.1.1:1]\n"
        )
        .mistakes(),
        [format!("`c.yaml` line 1 column 10: `console.listen` is `https://10.0.0.1:1`, {reached}")]
    );
}

#[test]
fn memory_for_decisions_holds_some() {
    assert_eq!(
        Case::yaml("console: {listen: '127.0.0.1:1', decisions: 1kB}\n").mistakes(),
        [
            "`c.yaml` line 1 column 45: `console.decisions` is 1000 bytes: expected `64KiB` at least, \
             which hold some decisions"
        ]
    );
}

#[test]
fn console_without_an_address_is_a_mistake() {
    assert_eq!(
        Case::yaml("console: {decisions: 1MiB}\n").mistakes(),
        ["`c.yaml` line 1 column 10: `console` needs `console.listen`, which is not set"]
    );
}
