// workgroupSum, the sum over a workgroup of WIDTH invocations, and workgroupMax: by halving, in an order that
// never changes. All of a workgroup must come by.
override WIDTH = 256u;
const LOWEST = -3.4028234663852886e38;

struct Lane {
  @builtin(local_invocation_index) index: u32,
}

var<workgroup> lanes: array<vec2f, WIDTH>;

fn workgroupSum(lane: Lane, value: vec2f) -> vec2f {
  lanes[lane.index] = value;
  workgroupBarrier();
  for (var span = WIDTH / 2u; span > 0u; span /= 2u) {
    if (lane.index < span) {
      lanes[lane.index] += lanes[lane.index + span];
    }
    workgroupBarrier();
  }
  let total = lanes[0];
  workgroupBarrier();
  return total;
}

fn workgroupMax(lane: Lane, value: f32) -> f32 {
  lanes[lane.index].x = value;
  workgroupBarrier();
  for (var span = WIDTH / 2u; span > 0u; span /= 2u) {
    if (lane.index < span) {
      lanes[lane.index].x = max(lanes[lane.index].x, lanes[lane.index + span].x);
    }
    workgroupBarrier();
  }
  let largest = lanes[0].x;
  workgroupBarrier();
  return largest;
}
