#!/bin/sh
# Trains a net on two "hosts", network namespaces that a veth pair joins, at 1 and 10 Gbit/s, and prints images/s of both
# together: column 2 of `npm run bench:scale -- NET --batch BATCH --allreduce tree` is the prediction. The way of adding up
# is OpenMPI's own for two ranks. Needs root, iproute2 and OpenMPI. Run as, with a batch of one rank:
#   bench/distributed/netns.sh [NET [BATCH [STEPS]]]
set -e
net=${1:-lenet} batch=${2:-32} steps=${3:-50}
cd "$(dirname "$0")/../.."
one=caffe-one-$$ two=caffe-two-$$
agent=$(mktemp)
trap 'rm -f "$agent"; ip netns del $one; ip netns del $two' EXIT
ip netns add $one
ip netns add $two
ip link add caffe0 netns $one type veth peer name caffe1 netns $two
ip -n $one addr add 10.77.0.1/24 dev caffe0
ip -n $two addr add 10.77.0.2/24 dev caffe1
# mpirun gives the host and the command that is to run there, as to ssh. Ranks of one host name would not use the network.
cat > "$agent" <<END
#!/bin/sh
shift
exec ip netns exec $two unshare --uts sh -c "hostname caffe-two; \$*"
END
chmod +x "$agent"
for end in "$one caffe0" "$two caffe1"; do
  set -- $end
  ip -n "$1" link set lo up
  ip -n "$1" link set "$2" up
done
for gigabits in 1 10; do
  for end in "$one caffe0" "$two caffe1"; do
    set -- $end
    tc -n "$1" qdisc replace dev "$2" root handle 1: tbf rate ${gigabits}gbit burst 256kb latency 50ms
  done
  ms=$(ip netns exec $one unshare --uts sh -c 'hostname caffe-one; exec "$@"' sh \
    mpirun --allow-run-as-root --bind-to none -np 2 --host 10.77.0.1:1,10.77.0.2:1 --mca plm_rsh_agent "$agent" \
    --mca btl tcp,self --mca btl_tcp_if_include 10.77.0.0/24 --mca oob_tcp_if_include 10.77.0.0/24 \
    node bench/distributed/steps.mjs "bench/nets/$net.prototxt" "$batch" "$steps" 1)
  awk "BEGIN { printf \"$net at $gigabits Gbit/s: %.1f ms, %.1f images/s\\n\", $ms, 2000 * $batch / $ms }"
done
