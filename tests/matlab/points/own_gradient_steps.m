% Gradient steps in code of one's own, between the passes of a net.
net = caffe.Net(small_net('net.prototxt'), 'train');
x = single(randn(5, 4, 3, 2));
target = single(randn(7, 2));
losses = zeros(1, 30);
for k = 1:30
  out = net.forward({x});
  losses(k) = sum((out{1}(:) - target(:)) .^ 2) / 2;
  for l = 1:length(net.layer_vec)
    for p = 1:length(net.layer_vec(l).params)
      net.layer_vec(l).params(p).set_diff(zeros([net.layer_vec(l).params(p).shape(), 1]));
    end
  end
  net.backward({out{1} - target});
  for name = {'conv', 'ip'}
    for p = 1:2
      blob = net.params(name{1}, p);
      blob.set_data(blob.get_data() - 0.001 * blob.get_diff());
    end
  end
end
assert(losses(30) < 0.5 * losses(1));
% Between a solver's steps too.
solver = caffe.Solver(line_solver('solver.prototxt'));
solver.step(1);
w = solver.net.params('ip', 1);
w.set_data(w.get_data() + 1);
before = double(w.get_data());
solver.step(1);
assert(double(w.get_data()), before - 0.01 * (sum(before) - 2), 1e-5);
