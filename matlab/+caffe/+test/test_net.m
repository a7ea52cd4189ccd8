function test_net()
% Blobs, layers, passes, and weights that are written and read.

file = caffe.test.net_file();
net = caffe.Net(file, 'train');
data = net.blobs('data');
x = 10 * ones(data.shape(), 'single');
data.set_data(x);
data.set_diff(-x);
caffe.test.same(data.get_data(), x, 'the data that was set');
caffe.test.same(data.get_diff(), -x, 'the diff that was set');
shape = data.shape();
data.reshape([6 5 4 3 2 1]);
caffe.test.same(data.shape(), [6 5 4 3 2 1], 'the shape that was set');
data.reshape(shape);
net.reshape();
caffe.test.same(net.layers('conv').type(), 'Convolution', 'the type of a layer');
caffe.test.same(net.layers('conv').params(2).shape(), 11, 'the shape of a bias');
caffe.test.same(net.params('conv', 1).shape(), [2 2 2 11], 'the shape of weights');
caffe.test.same(net.inputs, cell(0, 1), 'the list of inputs');
caffe.test.same(net.outputs, {'loss'}, 'the list of outputs');
net.forward_prefilled();
net.backward_prefilled();
weights = [tempname() '.caffemodel'];
net.params('ip', 1).set_data(rand(net.params('ip', 1).shape(), 'single'));
net.save(weights);
other = caffe.Net(file, weights, 'test');
delete(weights);
delete(file);
caffe.test.same(other.params('ip', 1).get_data(), net.params('ip', 1).get_data(), 'what was written and read');

end
