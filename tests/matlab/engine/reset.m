% All is given up at once; what was made before is refused, what is made after works.
assert(ischar(caffe.version()));
caffe.set_mode_cpu();
net = caffe.Net(small_net('net.prototxt'), 'test');
solver = caffe.Solver(line_solver('solver.prototxt'));
blob = net.blobs('data');
said = evalc('caffe.reset_all()');
assert(strtrim(said), 'Cleared 1 solvers and 1 stand-alone nets');
must_fail(@() net.forward_prefilled(), 'this net was given up by caffe\.reset_all');
must_fail(@() blob.get_data(), 'given up');
must_fail(@() solver.step(1), 'this solver was given up');
must_fail(@() solver.net.blobs('x').get_data(), 'given up');
net = caffe.Net('net.prototxt', 'test');
assert(size(net.forward({ones(5, 4, 3, 2)}){1}), [7 2]);
said = evalc('caffe.reset_all()');
assert(strtrim(said), 'Cleared 0 solvers and 1 stand-alone nets');
% What goes out of use is given up without being told to.
for k = 1:3
  net = caffe.Net('net.prototxt', 'test');
end
clear net
assert(strtrim(evalc('caffe.reset_all()')), 'Cleared 0 solvers and 0 stand-alone nets');
