% Weights to a file and back, into a net that is there and into a new one.
net = caffe.Net(small_net('net.prototxt'), 'train');
later = caffe.Net('net.prototxt', 'train');
net.params('ip', 1).set_data(rand(24, 7));
assert(~isequal(later.params('ip', 1).get_data(), net.params('ip', 1).get_data()));
net.save('net.caffemodel');
later.copy_from('net.caffemodel');
made = caffe.Net('net.prototxt', 'net.caffemodel', 'test');
for l = 1:length(net.layer_vec)
  for p = 1:length(net.layer_vec(l).params)
    w = net.layer_vec(l).params(p).get_data();
    assert(isequal(later.layer_vec(l).params(p).get_data(), w));
    assert(isequal(made.layer_vec(l).params(p).get_data(), w));
  end
end
% Files are those of the folder that is the current one when they are named.
mkdir('within');
cd('within');
net.save('other.caffemodel');
cd('..');
assert(exist('within/other.caffemodel', 'file'), 2);
again = caffe.get_net('net.prototxt', 'within/other.caffemodel', 'test');
assert(isequal(again.params('conv', 1).get_data(), net.params('conv', 1).get_data()));
