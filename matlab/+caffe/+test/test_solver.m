function test_solver()
% A solver's iterations, and the net that it tests.

net = caffe.test.net_file();
file = caffe.test.written(['net: "' net '"'], ...
  'test_iter: 10 test_interval: 1000 base_lr: 0.01 momentum: 0.9 weight_decay: 0.0005', ...
  'lr_policy: "inv" gamma: 0.0001 power: 0.75 display: 0 max_iter: 40 snapshot_after_train: false');
solver = caffe.get_solver(file);
caffe.test.same(solver.iter(), 0, 'the count of iterations before the first');
solver.step(10);
caffe.test.same(solver.iter(), 10, 'the count of iterations after ten');
solver.test_nets(1).forward_prefilled();
solver.solve();
caffe.test.same(solver.iter(), 40, 'the count of iterations after all');
delete(file);
delete(net);

end
