function test_io()
% A mean file that is written and read.

file = [tempname() '.binaryproto'];
mean_data = 255 * rand(200, 300, 3, 'single');
caffe.io.write_mean(mean_data, file);
caffe.test.same(caffe.io.read_mean(file), mean_data, 'the mean that was written and read');
delete(file);

end
