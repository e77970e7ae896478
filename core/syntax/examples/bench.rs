use rocky_base::Dialect;
use std::time::Instant;
fn time<T>(name: &str, bytes: usize, mut f: impl FnMut() -> T) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..5 { let t = Instant::now(); std::hint::black_box(f()); best = best.min(t.elapsed().as_secs_f64()); }
    println!("{name:40} {:8.2} ms  {:7.1} MB/s", best * 1e3, bytes as f64 / best / 1e6);
    best
}
fn main() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tpch");
    let mut tpch = String::new();
    for n in 1..=22 { let q = std::fs::read_to_string(dir.join(format!("q{n:02}.sql"))).unwrap(); tpch.push_str(q.trim().trim_end_matches(';')); tpch.push_str("\n;\n"); }
    let parts: Vec<&str> = tpch.split("\n;\n").filter(|s| !s.trim().is_empty()).collect();
    let wide = format!("SELECT {} FROM t", (0..3000).map(|i| format!("coalesce(t.column_{i}, 0) + {i} AS col_{i}")).collect::<Vec<_>>().join(",\n  "));
    let mut big = String::from("SELECT 1 AS a0\n");
    let mut i = 0; while big.len() < 5_000_000 { i += 1; big.push_str(&format!("UNION ALL\nSELECT a.x{i}, sum(b.y) OVER (PARTITION BY c ORDER BY d) AS s -- comment\nFROM schema_x.table_{i} AS a LEFT JOIN other b ON a.id = b.id AND b.v > 10\nWHERE a.name LIKE 'x%' AND a.v IN (1, 2, 3)\n")); }
    let duck = sqlparser::dialect::DuckDbDialect {};
    for (name, texts) in [("tpch", parts.clone()), ("wide 3000 columns", vec![wide.as_str()]), ("5 MB union", vec![big.as_str()])] {
        let bytes: usize = texts.iter().map(|t| t.len()).sum();
        time(&format!("{name}: lex"), bytes, || texts.iter().map(|t| rocky_syntax::lexer::lex(t, Dialect::DuckDb).tokens.len()).sum::<usize>());
        let ours = time(&format!("{name}: lex+parse"), bytes, || texts.iter().map(|t| { let p = rocky_syntax::parser::parse(t, Dialect::DuckDb); assert!(p.diagnostics.is_empty(), "{:?}", p.diagnostics); p.ast.exprs.len() }).sum::<usize>());
        time(&format!("{name}: sqlparser tokenizer"), bytes, || texts.iter().map(|t| sqlparser::tokenizer::Tokenizer::new(&duck, t).tokenize_with_location().unwrap().len()).sum::<usize>());
        if name != "5 MB union" {
            let theirs = time(&format!("{name}: sqlparser Parser"), bytes, || texts.iter().map(|t| sqlparser::parser::Parser::parse_sql(&duck, t).unwrap().len()).sum::<usize>());
            println!("   ratio {:.2}", theirs / ours);
        } else {
            let big2 = big.clone(); let h = std::thread::Builder::new().stack_size(4 << 30).spawn(move || { let t = big2; let duck = sqlparser::dialect::DuckDbDialect {}; let s = Instant::now(); let r = sqlparser::parser::Parser::parse_sql(&duck, &t); let e = s.elapsed().as_secs_f64(); std::mem::forget(r); e }).unwrap();
            println!("   sqlparser once (4 GB stack): {:.2} ms, ratio {:.2}", h.join().unwrap()*1e3, 0.0f64);
            break;
        }
    }
}
