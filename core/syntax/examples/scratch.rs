use rocky_base::Dialect;
fn main() {
    let f = std::env::args().nth(1).unwrap();
    let d = std::env::args().nth(2).and_then(|d| Dialect::parse(&d)).unwrap_or_default();
    for line in std::fs::read_to_string(f).unwrap().lines() {
        let sql = line.replace("\\n", "\n");
        let p = rocky_syntax::parser::parse(&sql, d);
        println!("{line}");
        for x in p.diagnostics {
            let s = x.primary.as_ref().unwrap().loc.span;
            println!("      [{}..{}] {} {}{}", s.start, s.end, x.code, x.message, x.notes.iter().map(|n| format!(" (note {}: {})", n.loc.span.start, n.text)).collect::<String>());
        }
    }
}
