// An axis that is several in one, such as K of a convolution: channels or images outside, three axes of a plane inside, the
// last fastest. Places are counted on, so that none but the first and the step cost divisions.
struct Place {
  outer: u32,
  at: vec3u,
}

fn placeOf(i: u32, lengths: vec3u) -> Place {
  let rows = i / lengths.z;
  let planes = rows / lengths.y;
  let outer = planes / lengths.x;
  return Place(outer, vec3u(planes, rows, i) - vec3u(outer, planes, rows) * lengths);
}

fn next(place: Place, lengths: vec3u) -> Place {
  let z = place.at.z + 1u;
  let y = place.at.y + select(0u, 1u, z == lengths.z);
  let x = place.at.x + select(0u, 1u, y == lengths.y);
  let at = vec3u(x, y, z);
  let outer = place.outer + select(0u, 1u, x == lengths.x);
  return Place(outer, select(at, vec3u(), at == lengths));
}

// As far further as `step` is from the first place.
fn plus(place: Place, step: Place, lengths: vec3u) -> Place {
  let z = place.at.z + step.at.z;
  let isNextRow = z >= lengths.z;
  let y = place.at.y + step.at.y + select(0u, 1u, isNextRow);
  let isNextPlane = y >= lengths.y;
  let x = place.at.x + step.at.x + select(0u, 1u, isNextPlane);
  let isNext = x >= lengths.x;
  let at = vec3u(x, y, z) - select(vec3u(), lengths, vec3<bool>(isNext, isNextPlane, isNextRow));
  return Place(place.outer + step.outer + select(0u, 1u, isNext), at);
}
