% A solver goes on from a snapshot as if it had never ended.
more = {'momentum: 0.9 snapshot: 5 snapshot_prefix: "line"'};
whole = caffe.Solver(line_solver('whole.prototxt', more{:}));
whole.step(12);
assert(exist('line_iter_5.solverstate', 'file'), 2);
assert(exist('line_iter_5.caffemodel', 'file'), 2);
later = caffe.Solver('whole.prototxt');
later.restore('line_iter_5.solverstate');
assert(later.iter(), 5);
later.step(7);
assert(later.iter(), 12);
assert(isequal(later.net.params('ip', 1).get_data(), whole.net.params('ip', 1).get_data()));
