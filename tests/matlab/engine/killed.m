% An engine that was killed: one clear error, and another engine after caffe.reset_all().
net = caffe.Net(small_net('net.prototxt'), 'test');
[status, list] = system(sprintf('ps -o pid= -o args= --ppid %d', getpid()));
id = regexp(list, '(\d+) [^\n]*bin/caffe bridge', 'tokens', 'once');
kill(str2double(id{1}), SIG.KILL);
must_fail(@() net.forward_prefilled(), 'the engine is gone \(signal 9\).*caffe\.reset_all\(\)');
must_fail(@() net.blobs('data').get_data(), 'the engine is gone');
must_fail(@() caffe.Net('net.prototxt', 'test'), 'the engine is gone');
caffe.reset_all();
must_fail(@() net.forward_prefilled(), 'the engine is gone');
other = caffe.Net('net.prototxt', 'test');
assert(size(other.forward({ones(5, 4, 3, 2)}){1}), [7 2]);
clear net
assert(size(other.forward({ones(5, 4, 3, 2)}){1}), [7 2]);
