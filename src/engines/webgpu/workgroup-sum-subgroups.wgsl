// As workgroup-sum.wgsl, where the adapter adds up a subgroup in one instruction: one barrier instead of eight.
enable subgroups;
requires subgroup_id;

override WIDTH = 256u;
const LOWEST = -3.4028234663852886e38;

struct Lane {
  @builtin(local_invocation_index) index: u32,
  @builtin(subgroup_invocation_id) inSubgroup: u32,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(num_subgroups) subgroups: u32,
}

var<workgroup> lanes: array<vec2f, WIDTH>;

fn workgroupSum(lane: Lane, value: vec2f) -> vec2f {
  let sum = subgroupAdd(value);
  if (lane.inSubgroup == 0u) {
    lanes[lane.subgroup] = sum;
  }
  workgroupBarrier();
  var total = vec2f();
  for (var s = 0u; s < lane.subgroups; s++) {
    total += lanes[s];
  }
  workgroupBarrier();
  return total;
}

fn workgroupMax(lane: Lane, value: f32) -> f32 {
  let largest = subgroupMax(value);
  if (lane.inSubgroup == 0u) {
    lanes[lane.subgroup].x = largest;
  }
  workgroupBarrier();
  var total = LOWEST;
  for (var s = 0u; s < lane.subgroups; s++) {
    total = max(total, lanes[s].x);
  }
  workgroupBarrier();
  return total;
}
