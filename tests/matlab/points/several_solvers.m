% Several solvers at once; each trains its own net.
a = caffe.Solver(line_solver('a.prototxt'));
b = caffe.get_solver(line_solver('b.prototxt', 'type: "Adam"'));
a.step(3);
b.step(1);
assert(a.iter(), 3);
assert(b.iter(), 1);
wa = a.net.params('ip', 1).get_data();
wb = b.net.params('ip', 1).get_data();
assert(~isequal(wa, wb));
a.solve();
assert(a.iter(), 20);
assert(b.iter(), 1);
assert(isequal(b.net.params('ip', 1).get_data(), wb));
% A net lives as long as it is used here.
net = b.net;
clear b
assert(isequal(net.params('ip', 1).get_data(), wb));
