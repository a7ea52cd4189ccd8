// y = W ⊛ x: A is W (outputs, taps), B gathers the taps under each output, and N counts images and outputs.
alias Walk = Place;

fn lengthN(phase: u32) -> u32 {
  return p.n;
}

fn lengthK(phase: u32) -> u32 {
  return p.k;
}

fn walkTo(k: u32) -> Walk {
  return placeOf(k, kernel());
}

fn walkOn(tap: Walk, step: Walk) -> Walk {
  return plus(tap, step, kernel());
}

struct RowA {
  start: u32,
}

fn rowA(m: u32) -> RowA {
  return RowA((group * p.m + min(m, p.m - 1u)) * p.k);
}

fn loadA(row: RowA, k: u32, tap: Walk) -> vec4f {
  let at = row.start + k;
  if (IS_WIDE_A) {
    return select(vec4f(), vec4f(a4[select(0u, at / 4u, k < p.k)]), k < p.k);
  }
  let exists = vec4u(k, k + 1u, k + 2u, k + 3u) < vec4u(p.k);
  let i = select(vec4u(), vec4u(at, at + 1u, at + 2u, at + 3u), exists);
  return select(vec4f(), vec4f(vec4(a[i.x], a[i.y], a[i.z], a[i.w])), exists);
}

fn blockA(m: u32, k: u32, tap: Walk) -> mat4x4f {
  return transpose(mat4x4f(
    loadA(rowA(m), k, tap),
    loadA(rowA(m + 1u), k, tap),
    loadA(rowA(m + 2u), k, tap),
    loadA(rowA(m + 3u), k, tap),
  ));
}

fn columnsB(n: u32) -> ColumnsB {
  let places = fourPlaces(n);
  return four(
    cornerAt(places[0]),
    cornerAt(places[1]),
    cornerAt(places[2]),
    cornerAt(places[3]),
  );
}

// Beyond the end the last is repeated.
fn fourPlaces(n: u32) -> array<Place, 4> {
  let last = p.n - 1u;
  return array(
    placeOf(min(n, last), placesAxes()),
    placeOf(min(n + 1u, last), placesAxes()),
    placeOf(min(n + 2u, last), placesAxes()),
    placeOf(min(n + 3u, last), placesAxes()),
  );
}

fn loadB(columns: ColumnsB, k: u32, tap0: Walk) -> mat4x4f {
  let tap1 = next(tap0, kernel());
  let tap2 = next(tap1, kernel());
  let tap3 = next(tap2, kernel());
  return mat4x4f(
    gather(columns, tapAt(tap0), k < p.k),
    gather(columns, tapAt(tap1), k + 1u < p.k),
    gather(columns, tapAt(tap2), k + 2u < p.k),
    gather(columns, tapAt(tap3), k + 3u < p.k),
  );
}

fn columnsC(n: u32) -> vec4u {
  let columns = vec4u(n, n + 1u, n + 2u, n + 3u);
  let images = columns / p.places;
  return columns + images * (p.groups * p.m - 1u) * p.places;
}

fn rowC(m: u32) -> u32 {
  return (group * p.m + m) * p.places;
}

fn channelOf(m: u32, n: u32) -> u32 {
  return group * p.m + m;
}
