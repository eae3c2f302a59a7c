# The short programme of `run`, by the clients that Perl has. One line a client: what it has done, or what failed.
use strict;
use warnings;
use utf8;
use Encode qw(decode_utf8 encode_utf8);

binmode STDOUT, ':encoding(UTF-8)';
$| = 1;
my $tls = $ENV{TRANSPORT} eq 'tls';
my $base = ($tls ? 'wss' : 'ws') . "://localhost:$ENV{PORT}";
my $long = join '', map { "$_ sheep jump over a fence, " } 0 .. 1999;
my ($text, $binary, $close, $ping, $pong) = (1, 2, 8, 9, 10);

# A client is opened by a path and the subprotocols that it offers; it dies by the status if it is refused. Then it can
# `say` text or bytes, send a `frame` (FIN, opcode, payload), and `hear` (opcode and payload).
package ByProtocolWebSocket {
    use IO::Socket::INET;
    use IO::Socket::SSL;
    use Protocol::WebSocket::Frame;
    use Protocol::WebSocket::Handshake::Client;

    sub open {
        my ($class, $path, @offered) = @_;
        my $socket = $tls
            ? IO::Socket::SSL->new(PeerAddr => "127.0.0.1:$ENV{PORT}", SSL_ca_file => $ENV{CERTIFICATE},
                SSL_hostname => 'localhost', SSL_verifycn_name => 'localhost')
            : IO::Socket::INET->new(PeerAddr => "127.0.0.1:$ENV{PORT}");
        my $handshake = Protocol::WebSocket::Handshake::Client->new(url => $base . $path);
        $handshake->req->subprotocol(join ', ', @offered) if @offered;
        print $socket $handshake->to_string;
        my $self = bless {socket => $socket, frames => Protocol::WebSocket::Frame->new(max_payload_size => 1 << 20)};
        until ($handshake->is_done) {
            sysread $socket, my $buffer, 8192 or die "the server ended the handshake\n";
            $buffer =~ m{^HTTP/1.1 (4..)} and die "$1\n";
            $handshake->parse($buffer) or die $handshake->error;
            $self->{frames}->append($buffer);
        }
        $self->{subprotocol} = $handshake->res->subprotocol;
        return $self;
    }

    sub say { $_[0]->frame(1, $_[1], $_[2]) }

    sub frame {
        my ($self, $fin, $opcode, $payload) = @_;
        print {$self->{socket}} Protocol::WebSocket::Frame->new(
            buffer => $payload, fin => $fin, opcode => $opcode, masked => 1, max_payload_size => 1 << 20)->to_bytes;
    }

    sub hear {
        my ($self) = @_;
        while (1) {
            my $payload = $self->{frames}->next_bytes;
            return ($self->{frames}->opcode, $payload) if defined $payload;
            sysread $self->{socket}, my $buffer, 65536 or die "the end of the stream\n";
            $self->{frames}->append($buffer);
        }
    }
}

package ByMojolicious {
    use Mojo::IOLoop;
    use Mojo::UserAgent;

    sub open {
        my ($class, $path, @offered) = @_;
        my $agent = Mojo::UserAgent->new;
        $agent->ca($ENV{CERTIFICATE}) if $tls;
        my $self = bless {agent => $agent, heard => []};
        my $offer = {'Sec-WebSocket-Extensions' => 'permessage-deflate'};
        $agent->websocket($base . $path => $offer => \@offered => sub { $self->{socket} = $_[1]; Mojo::IOLoop->stop });
        Mojo::IOLoop->start;
        my $socket = $self->{socket};
        die +($socket->error->{code} // $socket->error->{message}) . "\n" unless $socket->is_websocket;
        my $heard = sub { push @{$self->{heard}}, [@_]; Mojo::IOLoop->stop };
        $socket->on(text => sub { $heard->($text, $_[1]) });
        $socket->on(binary => sub { $heard->($binary, $_[1]) });
        # It answers pings and closes by itself, and takes off the code of a close while it does.
        $socket->on(frame => sub { $heard->(@{$_[1]}[4, 5]) if $_[1][4] == $close || $_[1][4] == $pong });
        $self->{subprotocol} = $socket->protocol;
        $self->{compressed} = $socket->compressed ? 1 : 0;
        return $self;
    }

    sub say { $_[0]{socket}->send({$_[1] == $text ? 'text' : 'binary' => $_[2]}) }

    sub frame { $_[0]{socket}->send([$_[1], 0, 0, 0, @_[2, 3]]) }

    sub hear {
        my ($self) = @_;
        Mojo::IOLoop->start until @{$self->{heard}};
        return @{shift @{$self->{heard}}};
    }
}

sub is {
    my ($is, $expected) = @_;
    $is eq $expected or die substr($is, 0, 100) . " is not " . substr($expected, 0, 100) . "\n";
}

sub asked {
    my ($client, $opcode, $question) = @_;
    $client->say($opcode, $question);
    my ($answer, $payload) = $client->hear;
    is($answer, $opcode);
    return $payload;
}

sub programme {
    my ($class, $done) = @_;
    push @$done, 'subprotocol';
    my $client = $class->open('/', 'other', 'parity.v1');
    is($client->{subprotocol}, 'parity.v1');

    push @$done, 'text';
    is(asked($client, $text, $_), $_) for map { encode_utf8($_) } 'a', 'ünïcödé ✓ 𝄞', "\0", 'x' x 125, 'x' x 126;
    push @$done, 'binary';
    is(asked($client, $binary, $_), $_) for join('', map { chr } 0 .. 255), "\xff" x 1000;
    push @$done, '64 KiB';
    is(asked($client, $_, 'x' x 65536), 'x' x 65536) for $text, $binary;

    push @$done, 'fragments';
    $client->frame(0, $text, 'a');
    $client->frame(0, 0, encode_utf8('ü'));
    $client->frame(1, 0, encode_utf8('𝄞'));
    is(join(' ', $client->hear), encode_utf8("$text aü𝄞"));

    push @$done, 'ping';
    $client->frame(1, $ping, 'are you there');
    is(join(' ', $client->hear), "$pong are you there");

    push @$done, 'pong';
    $client->say($text, '!ping and again');
    my ($opcode, $payload) = $client->hear;
    # One of them leaves the answer to us.
    if ($opcode == $ping) {
        $client->frame(1, $pong, $payload);
        ($opcode, $payload) = $client->hear;
    }
    is($payload, 'pong and again');

    if (defined $client->{compressed}) {
        push @$done, 'compression';
        is($client->{compressed}, 1);
        is(asked($client, $text, $long), $long) for 1, 2;
    }
    for (pack('n', 1000), pack('n', 3000) . 'bye') {
        my ($code, $reason) = unpack 'na*', $_;
        push @$done, "close $code";
        $client->frame(1, $close, $_);
        is(join(' ', $client->hear), "$close $_");
        $client = $class->open('/');
        1 until asked($client, $text, '!last-close') eq "$code $reason the peer";
    }
    push @$done, 'closed by the server';
    $client->say($text, '!disconnect 4242 ' . encode_utf8('that was ünïcödé'));
    is(join(' ', $client->hear), "$close " . pack('n', 4242) . encode_utf8('that was ünïcödé'));

    push @$done, 'refusal';
    eval { $class->open('/refused'); 1 } and die "admitted\n";
    is($@, "403\n");
}

my %clients = ('Protocol::WebSocket' => 'ByProtocolWebSocket', 'Mojolicious' => 'ByMojolicious');
my $failed = 0;
for my $name (sort keys %clients) {
    my @done;
    local $SIG{ALRM} = sub { die "it takes too long\n" };
    alarm 10;
    if (eval { programme($clients{$name}, \@done); 1 }) {
        print "ok $name: ", join(', ', @done), "\n";
    }
    else {
        print "not ok $name: $done[-1]: ", decode_utf8($@);
        $failed = 1;
    }
    alarm 0;
}
exit $failed;
