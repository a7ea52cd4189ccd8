% Control comes back after each iteration.
solver = caffe.Solver(line_solver('solver.prototxt'));
losses = zeros(1, 5);
for k = 1:5
  solver.step(1);
  assert(solver.iter(), k);
  losses(k) = solver.net.blobs('loss').get_data();
end
% w goes down the gradient of (3 w - 2)^2 / 2, and each of its three elements alike.
w = 0.5;
for k = 1:5
  assert(losses(k), (3 * w - 2) ^ 2 / 2, 1e-6);
  w = w - 0.01 * (3 * w - 2);
end
assert(double(solver.net.params('ip', 1).get_data()), w * ones(3, 1), 1e-6);
