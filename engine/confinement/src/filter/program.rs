//! Filters of system calls as programs that the kernel runs at each call.

use libc::sock_filter;

use crate::call::Number;

/// What the kernel does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Runs it.
    Allow,
    /// Answers with an error's number, and does not run it.
    Errno(i32),
    /// Asks the supervisor.
    Notify,
    /// Ends the process by `SIGSYS`.
    KillProcess,
}

impl Action {
    fn code(self) -> u32 {
        match self {
            Self::Allow => libc::SECCOMP_RET_ALLOW,
            Self::Errno(number) => libc::SECCOMP_RET_ERRNO | (number.unsigned_abs() & 0xffff),
            Self::Notify => libc::SECCOMP_RET_USER_NOTIF,
            Self::KillProcess => libc::SECCOMP_RET_KILL_PROCESS,
        }
    }
}

/// What an argument has to be. The kernel reads most as 32 bits, and a filter compares no others.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Test {
    /// The lower half is this.
    Is(u32),
    /// The lower half has none of these bits.
    Without(u32),
    /// The lower half has all of these bits.
    With(u32),
    /// All 64 bits are null.
    Null,
}

/// An argument, by its place, and what it has to be.
pub(crate) type Condition = (u8, Test);

/// A call, and the action for it.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) call: Number,
    /// The action where all conditions of one of these hold. One without a condition always holds.
    pub(crate) cases: Vec<(Vec<Condition>, Action)>,
    /// The action for all others.
    pub(crate) otherwise: Action,
}

impl Rule {
    /// One action, whatever the arguments are.
    pub(crate) fn always(call: Number, action: Action) -> Self {
        Self { call, cases: Vec::new(), otherwise: action }
    }
}

const LOAD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
const EQUAL: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
const AT_LEAST: u32 = libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K;
const JUMP: u32 = libc::BPF_JMP | libc::BPF_JA;
const AND: u32 = libc::BPF_ALU | libc::BPF_AND | libc::BPF_K;
const RETURN: u32 = libc::BPF_RET | libc::BPF_K;

/// Where `struct seccomp_data` has the number, the architecture and the first argument.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const ARGUMENTS: u32 = 16;

/// Marks calls of x32, a second set of numbers on `x86_64`; `aarch64` has no numbers that large.
const X32: u32 = 0x4000_0000;

#[cfg(target_arch = "x86_64")]
const NATIVE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const NATIVE: u32 = 0xc000_00b7;

/// The most rules that are tried one after the other.
const FEW: usize = 4;

/// A filter that applies the first rule for a call, and `otherwise` where there is none. Calls of
/// another architecture end the process.
///
/// Rules are found by binary search. The kernel runs a filter for every number of a call when it takes
/// it, and later at each call that is not always allowed; before Linux 5.11, at every call.
pub(crate) fn compile(rules: &[Rule], otherwise: Action) -> Vec<sock_filter> {
    let kill = Action::KillProcess;
    let mut program = vec![
        instruction(LOAD, ARCHITECTURE),
        jump(EQUAL, NATIVE, 1, 0),
        instruction(RETURN, kill.code()),
        instruction(LOAD, NUMBER),
        jump(AT_LEAST, X32, 0, 1),
        instruction(RETURN, kill.code()),
    ];
    // The first of each call stays, as sorting keeps their order.
    let mut rules: Vec<_> =
        rules.iter().filter_map(|rule| Some((u32::try_from(rule.call).ok()?, rule))).collect();
    rules.sort_by_key(|(number, _)| *number);
    rules.dedup_by_key(|(number, _)| *number);
    program.extend(search(&rules, otherwise));
    program
}

/// The instructions that find and apply the rule for the loaded number of a call. The rules are sorted by
/// number, and each way through the instructions returns.
fn search(rules: &[(u32, &Rule)], otherwise: Action) -> Vec<sock_filter> {
    let (lower, upper) = rules.split_at(rules.len() / 2);
    if let [(pivot, _), ..] = upper
        && rules.len() > FEW
    {
        let lower = search(lower, otherwise);
        // Conditional jumps reach over 255 instructions, `BPF_JA` over any number.
        let over = u32::try_from(lower.len()).unwrap_or(u32::MAX);
        let mut halves = vec![jump(AT_LEAST, *pivot, 0, 1), instruction(JUMP, over)];
        halves.extend(lower);
        halves.extend(search(upper, otherwise));
        return halves;
    }
    let mut one_by_one = Vec::new();
    for (number, rule) in rules {
        let body = body(rule);
        one_by_one.push(jump(EQUAL, *number, 0, length(&body)));
        one_by_one.extend(body);
    }
    one_by_one.push(instruction(RETURN, otherwise.code()));
    one_by_one
}

/// What is run for a rule's call. Each way through it returns.
fn body(rule: &Rule) -> Vec<sock_filter> {
    let mut body = Vec::new();
    for (conditions, action) in &rule.cases {
        // From the last to the first: each jumps over the rest where it does not hold.
        let mut case = vec![instruction(RETURN, action.code())];
        for (argument, test) in conditions.iter().rev() {
            let mut checked = check(*argument, *test, length(&case));
            checked.append(&mut case);
            case = checked;
        }
        body.append(&mut case);
    }
    body.push(instruction(RETURN, rule.otherwise.code()));
    body
}

/// Goes on where a test holds, else over `rest` instructions.
fn check(argument: u8, test: Test, rest: u8) -> Vec<sock_filter> {
    // Both architectures are little-endian: the lower half comes first.
    let low = ARGUMENTS + 8 * u32::from(argument);
    let (mask, value) = match test {
        Test::Is(value) => (None, value),
        Test::Without(bits) => (Some(bits), 0),
        Test::With(bits) => (Some(bits), bits),
        Test::Null => {
            return vec![
                instruction(LOAD, low),
                jump(EQUAL, 0, 0, rest + 2),
                instruction(LOAD, low + 4),
                jump(EQUAL, 0, 0, rest),
            ];
        }
    };
    let mut checked = vec![instruction(LOAD, low)];
    checked.extend(mask.map(|mask| instruction(AND, mask)));
    checked.push(jump(EQUAL, value, 0, rest));
    checked
}

/// The distance over instructions. No rule is longer than a jump reaches: the tests compile all.
fn length(instructions: &[sock_filter]) -> u8 {
    debug_assert!(instructions.len() < 250, "a rule of {} instructions", instructions.len());
    u8::try_from(instructions.len()).unwrap_or(u8::MAX)
}

fn instruction(code: u32, k: u32) -> sock_filter {
    jump(code, k, 0, 0)
}

fn jump(code: u32, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code: u16::try_from(code).unwrap_or(u16::MAX), jt, jf, k }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a program as the kernel does.
    fn run(program: &[sock_filter], architecture: u32, number: u32, arguments: [u64; 6]) -> u32 {
        let load = |offset: u32| match offset {
            NUMBER => number,
            ARCHITECTURE => architecture,
            _ => {
                let (at, half) = ((offset - ARGUMENTS) / 8, (offset - ARGUMENTS) % 8);
                u32::try_from((arguments[at as usize] >> (half * 8)) & 0xffff_ffff).unwrap()
            }
        };
        let (mut at, mut value) = (0, 0);
        loop {
            let step = program[at];
            at += 1;
            let mut branch = |holds: bool| at += usize::from(if holds { step.jt } else { step.jf });
            match u32::from(step.code) {
                LOAD => value = load(step.k),
                AND => value &= step.k,
                EQUAL => branch(value == step.k),
                AT_LEAST => branch(value >= step.k),
                JUMP => at += step.k as usize,
                RETURN => return step.k,
                other => panic!("instruction {other}"),
            }
        }
    }

    fn verdict(program: &[sock_filter], number: u32, arguments: &[u64]) -> u32 {
        let mut all = [0; 6];
        all[..arguments.len()].copy_from_slice(arguments);
        run(program, NATIVE, number, all)
    }

    #[test]
    fn first_rule_of_a_call_holds() {
        let rules = [Rule::always(7, Action::Allow), Rule::always(9, Action::Errno(38))];
        let program = compile(&rules, Action::Notify);
        assert_eq!(verdict(&program, 7, &[]), libc::SECCOMP_RET_ALLOW);
        assert_eq!(verdict(&program, 9, &[]), libc::SECCOMP_RET_ERRNO | 0x26);
        assert_eq!(verdict(&program, 8, &[]), libc::SECCOMP_RET_USER_NOTIF);
    }

    #[test]
    fn every_call_gets_the_first_of_its_rules() {
        // With 200, halves are longer than a conditional jump reaches.
        for count in (0..40).chain([200]) {
            // Numbers with gaps, in no order; the second time around, each has another action.
            let number = |index: i64| (index * 7) % 211 * 3;
            let rules: Vec<_> = (0..2 * count)
                .map(|index| {
                    let case = vec![(vec![(0, Test::Is(1))], Action::Allow)];
                    let otherwise = Action::Errno(i32::try_from(index + 1).unwrap());
                    Rule { call: number(index % count), cases: case, otherwise }
                })
                .collect();
            let program = compile(&rules, Action::Notify);
            for call in 0..640 {
                let first = rules.iter().find(|rule| rule.call == i64::from(call));
                let expected = first.map_or(Action::Notify, |rule| rule.otherwise);
                assert_eq!(verdict(&program, call, &[0]), expected.code(), "{call} of {count}");
                let expected = first.map_or(Action::Notify, |_| Action::Allow);
                assert_eq!(verdict(&program, call, &[1]), expected.code(), "{call} of {count}");
            }
        }
    }

    #[test]
    fn calls_of_another_architecture_end_the_process() {
        let program = compile(&[Rule::always(7, Action::Allow)], Action::Notify);
        assert_eq!(run(&program, 0x4000_0003, 7, [0; 6]), libc::SECCOMP_RET_KILL_PROCESS);
        assert_eq!(verdict(&program, X32 + 7, &[]), libc::SECCOMP_RET_KILL_PROCESS);
    }

    #[test]
    fn arguments_are_compared_as_the_kernel_reads_them() {
        let cases = vec![
            (vec![(0, Test::Is(5)), (1, Test::Without(4))], Action::Allow),
            (vec![(2, Test::With(6))], Action::Errno(1)),
            (vec![(3, Test::Null), (4, Test::Is(1))], Action::Errno(2)),
        ];
        let rule = Rule { call: 7, cases, otherwise: Action::Notify };
        let program = compile(&[rule, Rule::always(8, Action::Allow)], Action::KillProcess);
        let notify = libc::SECCOMP_RET_USER_NOTIF;
        let errno = libc::SECCOMP_RET_ERRNO;
        assert_eq!(verdict(&program, 7, &[5, 3, 0, 1]), libc::SECCOMP_RET_ALLOW);
        assert_eq!(verdict(&program, 7, &[1 << 32 | 5, 3, 0, 1]), libc::SECCOMP_RET_ALLOW);
        assert_eq!(verdict(&program, 7, &[5, 7, 0, 1]), notify);
        assert_eq!(verdict(&program, 7, &[0, 0, 2, 1]), notify);
        assert_eq!(verdict(&program, 7, &[0, 0, 7, 1]), errno | 1);
        assert_eq!(verdict(&program, 7, &[0, 0, 0, 0, 1]), errno | 2);
        assert_eq!(verdict(&program, 7, &[0, 0, 0, 1 << 32, 1]), notify);
        assert_eq!(verdict(&program, 8, &[]), libc::SECCOMP_RET_ALLOW);
    }
}
