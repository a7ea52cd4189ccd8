% The net that a solver trains, and those that it tests.
solver = caffe.Solver(line_solver('solver.prototxt'));
assert(length(solver.test_nets), 2);
assert(solver.net.blob_names', {'x', 'y', 'ip', 'loss'});
assert(solver.net.params('ip', 1).get_data(), single([0.5; 0.5; 0.5]));
solver.test_nets(1).forward({});
assert(solver.test_nets(1).blobs('loss').get_data(), single(0.125), 1e-6);
solver.test_nets(2).blobs('y').set_data(zeros(1, 4));
assert(solver.test_nets(2).blobs('y').get_data(), zeros(1, 4, 'single'));
assert(solver.test_nets(1).outputs, {'loss'});
none = write_text('none.prototxt', 'train_net: "solver.prototxt_net.prototxt" base_lr: 0.1 lr_policy: "fixed" max_iter: 1');
assert(length(caffe.Solver(none).test_nets), 0);
