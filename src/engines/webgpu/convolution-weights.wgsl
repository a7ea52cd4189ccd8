// dW = dy ⊛ x: A is dy (outputs, images and places), B gathers the taps under each place from x, and N counts taps.
alias Walk = Place;

fn lengthN(phase: u32) -> u32 {
  return p.n;
}

fn lengthK(phase: u32) -> u32 {
  return p.k;
}

fn walkTo(k: u32) -> Walk {
  return placeOf(k, placesAxes());
}

fn after(place: Walk) -> Walk {
  return next(place, placesAxes());
}

fn walkOn(place: Walk, step: Walk) -> Walk {
  return plus(place, step, placesAxes());
}

struct RowA {
  start: u32,
}

fn rowA(m: u32) -> RowA {
  return RowA((group * p.m + min(m, p.m - 1u)) * p.places);
}

fn loadA(row: RowA, k: u32, place0: Walk) -> vec4f {
  // From an image's outputs of this channel to the next's.
  let step = (p.groups * p.m - 1u) * p.places;
  let at = row.start + k;
  if (IS_WIDE_A) {
    return select(vec4f(), vec4f(a4[select(0u, (at + place0.outer * step) / 4u, k < p.k)]), k < p.k);
  }
  let place1 = after(place0);
  let place2 = after(place1);
  let images = vec4u(place0.outer, place1.outer, place2.outer, after(place2).outer);
  let exists = vec4u(k, k + 1u, k + 2u, k + 3u) < vec4u(p.k);
  let i = select(vec4u(), vec4u(at, at + 1u, at + 2u, at + 3u) + images * step, exists);
  return select(vec4f(), vec4f(vec4(a[i.x], a[i.y], a[i.z], a[i.w])), exists);
}

fn blockA(m: u32, k: u32, place: Walk) -> mat4x4f {
  return transpose(mat4x4f(
    loadA(rowA(m), k, place),
    loadA(rowA(m + 1u), k, place),
    loadA(rowA(m + 2u), k, place),
    loadA(rowA(m + 3u), k, place),
  ));
}

// Beyond the end the last is repeated.
fn columnsB(n: u32) -> ColumnsB {
  let last = p.n - 1u;
  return four(
    tapAt(placeOf(min(n, last), kernel())),
    tapAt(placeOf(min(n + 1u, last), kernel())),
    tapAt(placeOf(min(n + 2u, last), kernel())),
    tapAt(placeOf(min(n + 3u, last), kernel())),
  );
}

fn loadB(columns: ColumnsB, k: u32, place0: Walk) -> mat4x4f {
  if (IS_WIDE_B) {
    if (k >= p.k) {
      return mat4x4f();
    }
    let i = (columns.offsets + cornerAt(place0).offset) / 4;
    return transpose(mat4x4f(vec4f(source4[i.x]), vec4f(source4[i.y]), vec4f(source4[i.z]), vec4f(source4[i.w])));
  }
  let place1 = after(place0);
  let place2 = after(place1);
  let place3 = after(place2);
  return mat4x4f(
    gather(columns, cornerAt(place0), k < p.k),
    gather(columns, cornerAt(place1), k + 1u < p.k),
    gather(columns, cornerAt(place2), k + 2u < p.k),
    gather(columns, cornerAt(place3), k + 3u < p.k),
  );
}

fn columnsC(n: u32) -> vec4u {
  return vec4u(n, n + 1u, n + 2u, n + 3u);
}

fn rowC(m: u32) -> u32 {
  return (group * p.m + m) * p.n;
}

fn channelOf(m: u32, n: u32) -> u32 {
  return 0u;
}
