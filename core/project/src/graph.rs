//! The dependency graph of models: order, layers, cycles as paths. Plain indexes; linear in models and edges.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Order of a graph whose node `i` depends on `deps[i]`. Nodes must be numbered in name order: ties are broken by number,
/// so that the order is the same on every run.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Order {
    /// Every node, dependencies first. Edges that close a cycle are left out of account.
    pub order: Vec<u32>,
    /// Layer of each node: 0 without dependencies, else one more than the deepest of them.
    pub layer: Vec<u32>,
    /// One path per cycle: `a, b, c` means a depends on b, b on c, c on a.
    pub cycles: Vec<Vec<u32>>,
    /// Nodes that lie on a cycle.
    pub cyclic: Vec<bool>,
    /// Place of each node in `order`.
    pub place: Vec<u32>,
}

impl Order {
    /// Place of a node in the order.
    pub fn rank(&self, node: u32) -> Option<u32> {
        self.place.get(node as usize).copied()
    }
}

/// Sort the graph.
pub fn sort<D: AsRef<[u32]>>(deps: &[D]) -> Order {
    let n = deps.len();
    let components = strongly_connected(deps);
    let mut component_of = vec![0u32; n];
    for (c, members) in components.iter().enumerate() {
        for m in members {
            component_of[*m as usize] = c as u32;
        }
    }
    let mut cyclic = vec![false; n];
    let mut cycles = Vec::new();
    for members in &components {
        let first = members.iter().copied().min().unwrap_or(0);
        let is_cycle = members.len() > 1 || deps[first as usize].as_ref().contains(&first);
        if is_cycle {
            members.iter().for_each(|m| cyclic[*m as usize] = true);
            cycles.push(shortest_cycle(deps, &component_of, first));
        }
    }
    cycles.sort();

    // Kahn with a heap on the node number; edges inside a component are ignored.
    let mut missing = vec![0u32; n];
    let mut consumers: Vec<Vec<u32>> = vec![Vec::new(); n];
    for (node, list) in deps.iter().enumerate() {
        for dep in list.as_ref() {
            if component_of[*dep as usize] != component_of[node] {
                missing[node] += 1;
                consumers[*dep as usize].push(node as u32);
            }
        }
    }
    let mut ready: BinaryHeap<Reverse<u32>> = missing
        .iter()
        .enumerate()
        .filter(|(_, m)| **m == 0)
        .map(|(i, _)| Reverse(i as u32))
        .collect();
    let mut order = Vec::with_capacity(n);
    let mut layer = vec![0u32; n];
    while let Some(Reverse(node)) = ready.pop() {
        order.push(node);
        for consumer in &consumers[node as usize] {
            let c = *consumer as usize;
            layer[c] = layer[c].max(layer[node as usize] + 1);
            missing[c] -= 1;
            if missing[c] == 0 {
                ready.push(Reverse(*consumer));
            }
        }
    }
    let mut place = vec![0u32; n];
    for (rank, node) in order.iter().enumerate() {
        place[*node as usize] = rank as u32;
    }
    Order {
        order,
        layer,
        cycles,
        cyclic,
        place,
    }
}

/// Nodes grouped by strongly connected component (Tarjan, with an explicit stack).
fn strongly_connected<D: AsRef<[u32]>>(deps: &[D]) -> Vec<Vec<u32>> {
    const NEW: u32 = u32::MAX;
    let n = deps.len();
    let mut index = vec![NEW; n];
    let mut low = vec![0u32; n];
    let mut on_stack = vec![false; n];
    let mut stack = Vec::new();
    let mut next = 0u32;
    let mut components = Vec::new();
    let mut work: Vec<(u32, usize)> = Vec::new();
    for root in 0..n as u32 {
        if index[root as usize] != NEW {
            continue;
        }
        work.push((root, 0));
        while let Some((node, child)) = work.pop() {
            let v = node as usize;
            if child == 0 {
                index[v] = next;
                low[v] = next;
                next += 1;
                stack.push(node);
                on_stack[v] = true;
            }
            if let Some(dep) = deps[v].as_ref().get(child) {
                work.push((node, child + 1));
                let d = *dep as usize;
                if index[d] == NEW {
                    work.push((*dep, 0));
                } else if on_stack[d] {
                    low[v] = low[v].min(index[d]);
                }
                continue;
            }
            if low[v] == index[v] {
                let mut members = Vec::new();
                while let Some(member) = stack.pop() {
                    on_stack[member as usize] = false;
                    members.push(member);
                    if member == node {
                        break;
                    }
                }
                components.push(members);
            }
            if let Some((parent, _)) = work.last() {
                let p = *parent as usize;
                low[p] = low[p].min(low[v]);
            }
        }
    }
    components
}

/// The shortest way from `start` back to itself inside its component (breadth first).
fn shortest_cycle<D: AsRef<[u32]>>(deps: &[D], component_of: &[u32], start: u32) -> Vec<u32> {
    let component = component_of[start as usize];
    let mut came_from: std::collections::BTreeMap<u32, u32> = std::collections::BTreeMap::new();
    let mut queue = std::collections::VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        for dep in deps[node as usize].as_ref() {
            if *dep == start {
                let mut path = vec![node];
                let mut at = node;
                while at != start {
                    match came_from.get(&at) {
                        Some(previous) => at = *previous,
                        None => break,
                    }
                    path.push(at);
                }
                path.reverse();
                return path;
            }
            if component_of[*dep as usize] == component && !came_from.contains_key(dep) {
                came_from.insert(*dep, node);
                queue.push_back(*dep);
            }
        }
    }
    vec![start]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_has_one_layer_per_node() {
        let order = sort(&[vec![], vec![0], vec![1], vec![0u32]]);
        assert_eq!(order.order, [0, 1, 2, 3]);
        assert_eq!(order.layer, [0, 1, 2, 1]);
        assert!(order.cycles.is_empty());
    }

    #[test]
    fn a_cycle_is_a_path_and_what_hangs_on_it_is_not_part_of_it() {
        // 0 → 1 → 2 → 0, 3 depends on 0, 4 on itself.
        let order = sort(&[vec![1], vec![2], vec![0], vec![0], vec![4]]);
        assert_eq!(order.cycles, [vec![0, 1, 2], vec![4]]);
        assert_eq!(order.cyclic, [true, true, true, false, true]);
        assert_eq!(order.order.len(), 5);
    }

    #[test]
    fn a_long_chain_does_not_recurse() {
        let n = 200_000;
        let deps: Vec<Vec<u32>> = (0..n)
            .map(|i| if i == 0 { vec![] } else { vec![i - 1] })
            .collect();
        assert_eq!(sort(&deps).layer.last(), Some(&(n - 1)));
    }
}
