# The scenario of Net::WebSocket::Server's own test, and what else it has, from Perl: by Protocol::WebSocket, which
# the original is built on.
use strict;
use warnings;
use utf8;
use Encode qw(decode_utf8 encode_utf8);
use IO::Socket::INET;
use IO::Socket::SSL;
use IO::Socket::UNIX;
use Protocol::WebSocket::Frame;
use Protocol::WebSocket::Handshake::Client;
use Socket qw(SOCK_STREAM);
use Test::More;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output);
alarm 60;

my $transport = $ENV{TRANSPORT};
my %number = (text => 1, binary => 2, close => 8, ping => 9, pong => 10);
my %name = reverse %number;

# An admitted client: its socket, and the frames that have arrived.
sub client {
    my $socket =
        $transport eq 'unix' ? IO::Socket::UNIX->new(Type => SOCK_STREAM, Peer => $ENV{SOCKET})
      : $transport eq 'tls' ? IO::Socket::SSL->new(
        PeerAddr => "127.0.0.1:$ENV{PORT}", SSL_ca_file => $ENV{CERTIFICATE}, SSL_hostname => 'localhost',
        SSL_verifycn_name => 'localhost')
      : IO::Socket::INET->new(PeerAddr => "127.0.0.1:$ENV{PORT}");
    die "cannot connect: $! $IO::Socket::SSL::SSL_ERROR" unless $socket;
    # It sends the Origin that belongs to the URL, so the scheme must be right.
    my ($scheme, $port) = ($transport eq 'tls' ? 'wss' : 'ws', $ENV{PORT} // 80);
    my $handshake = Protocol::WebSocket::Handshake::Client->new(url => "$scheme://localhost:$port/");
    print $socket $handshake->to_string;
    my $frames = Protocol::WebSocket::Frame->new(max_payload_size => 1 << 20);
    until ($handshake->is_done) {
        sysread $socket, my $buffer, 8192 or die 'the server ended the handshake';
        $handshake->parse($buffer) or die $handshake->error;
        $frames->append($buffer);
    }
    return {socket => $socket, frames => $frames};
}

sub say_to {
    my ($client, $type, $data) = @_;
    my $frame = Protocol::WebSocket::Frame->new(
        buffer => $data, opcode => $number{$type}, masked => 1, max_payload_size => 1 << 20);
    print {$client->{socket}} $frame->to_bytes;
}

# The next frame: its type and its payload, as text where it is one. At the end of the stream: 'end'.
sub hear {
    my ($client) = @_;
    while (1) {
        my $bytes = $client->{frames}->next_bytes;
        if (defined $bytes) {
            my $type = $name{$client->{frames}->opcode};
            return ($type, $type eq 'text' ? decode_utf8($bytes) : $bytes);
        }
        sysread $client->{socket}, my $buffer, 65536 or return ('end');
        $client->{frames}->append($buffer);
    }
}

my @tricky = ('a', "\0", 'ünïcödé ✓ 𝄞', "line\r\nline", q{"'<>&;--}, '0', 'x' x 125, 'x' x 126, 'x' x 65535);

my $client = client();
for my $text (@tricky) {
    say_to($client, text => $text);
    is_deeply [hear($client)], [text => $text], 'a text of ' . length($text) . ' comes back';
    say_to($client, binary => encode_utf8($text));
    is_deeply [hear($client)], [binary => encode_utf8($text)], 'and so it does as binary';
}

say_to($client, pong => 'beat');
is_deeply [hear($client)], [text => 'pong beat'], 'a pong is heard';
say_to($client, ping => 'are you there');
is_deeply [hear($client)], [pong => 'are you there'], 'a ping is answered';
say_to($client, text => '!ping hello');
is_deeply [hear($client)], [ping => 'hello'], 'a ping can be sent';

say_to($client, text => '!pipe through a pipe');
is_deeply [hear($client)], [text => 'through a pipe'], 'a pipe is watched at both ends';
is_deeply [hear($client)], [text => 'watched 0 and 0'], 'and unwatched';

my $other = client();
say_to($other, text => '!broadcast to all');
is_deeply [hear($_)], [text => 'to all'], 'a broadcast reaches each' for $client, $other;

say_to($other, text => '!cut');
is_deeply [hear($other)], ['end'], 'a connection can be cut with no close frame';

say_to($client, text => '!disconnect 4242 the tests are over');
is_deeply [hear($client)], [close => pack('n', 4242) . 'the tests are over'], 'close 4242 comes with its reason';
say_to($client, close => pack('n', 4242));
is_deeply [hear($client)], ['end'], 'and the stream ends';

$client = client();
say_to($client, close => pack('n', 4001) . 'bye');
is_deeply [hear($client)], [close => pack('n', 4001) . 'bye'], 'a close is answered by its own code';

$client = client();
say_to($client, text => '!shutdown');
is_deeply [hear($client)], [text => 'last words'], 'shutdown is heard while the connections are there';
is_deeply [hear($client)], [close => pack('n', 1001)], 'and each gets 1001';

done_testing;
