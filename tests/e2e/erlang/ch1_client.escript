#!/usr/bin/env escript
%% -*- erlang -*-
%% SPDX-License-Identifier: BSD-3-Clause
%% An IM server that nobody of this project wrote: OTP's diameter application plays CH-1.
%%
%%   ch1_client.escript PORT
%%
%% Sends EVENT, and START, INTERIM, STOP of one session, a retransmission and a refused request, and
%% checks every answer as OTP decodes it by its own dictionary of RFC 6733.  OTP drops answers that
%% do not fit their grammar, so a malformed one is a failure here as well.

-mode(compile).

-record(diameter_avp, {code, vendor_id, is_mandatory = false, need_encryption = false,
                       data, name, value, type, index}).
-record(diameter_header, {version, length, cmd_code, application_id, hop_by_hop_id,
                          end_to_end_id, is_request, is_proxiable, is_error, is_retransmitted}).
-record(diameter_packet, {header, avps, msg, bin, errors = [], transport_data}).
-record(diameter_event, {service, info}).

-define(SERVICE, im_server).
-define(HOST, "im-otp.example.net").
-define(REALM, "example.net").
-define(TGPP, 10415).

main([Port]) ->
    ok = diameter:start(),
    ok = diameter:start_service(?SERVICE, service()),
    true = diameter:subscribe(?SERVICE),
    {ok, _} = diameter:add_transport(?SERVICE, transport(list_to_integer(Port))),
    wait_for_peer(),
    Failures = lists:sum([run(Test) || Test <- tests()]),
    diameter:stop_service(?SERVICE),
    io:format("~b passed, ~b failed~n", [length(tests()) - Failures, Failures]),
    halt(min(Failures, 1)).

service() ->
    [{'Origin-Host', ?HOST}, {'Origin-Realm', ?REALM}, {'Vendor-Id', 0},
     {'Product-Name', "OTP client"}, {'Acct-Application-Id', [3]},
     {'Supported-Vendor-Id', [?TGPP]},
     {string_decode, false}, {decode_format, map},
     {application, [{alias, acct}, {dictionary, diameter_gen_acct_rfc6733},
                    {module, callbacks()}, {answer_errors, discard}]}].

%% handle_answer gives the packet back, so that header and decode errors can be judged.
callbacks() ->
    [diameter_callback,
     {peer_up, false}, {peer_down, false},
     {pick_peer, fun([Peer | _], _, _, _) -> {ok, Peer} end},
     {prepare_request, fun(Packet, _, _) -> {send, Packet} end},
     {handle_answer, fun(Packet, _, _, _) -> {ok, Packet} end},
     {handle_error, fun(Reason, _, _, _) -> {error, Reason} end}].

transport(Port) ->
    {connect, [{transport_module, diameter_tcp},
               {transport_config, [{raddr, {127, 0, 0, 1}}, {rport, Port}, {ip, {127, 0, 0, 1}}]},
               {connect_timer, 500}]}.

wait_for_peer() ->
    receive
        #diameter_event{info = Info} when element(1, Info) =:= up -> ok
    after 20000 -> fail_start("the node did not become our peer within 20 s")
    end.

fail_start(Why) ->
    io:format("~s~n0 passed, 1 failed~n", [Why]),
    halt(1).

run({Says, Test}) ->
    try Test() of
        ok -> io:format("ok   ~s~n", [Says]), 0
    catch
        Class:Reason:Stack ->
            io:format("FAIL ~s~n     ~p:~p~n     ~p~n", [Says, Class, Reason, hd(Stack)]), 1
    end.

tests() ->
    Session = session_id(),
    Event = acr(session_id(), 1, 0),
    [{"an EVENT is answered 2001 with its type and number",
      fun() -> answered(Event, 2001) end},
     {"the same EVENT again is answered 2001",
      fun() -> answered(Event, 2001) end},
     {"a START is answered 2001",
      fun() -> answered(acr(Session, 2, 0), 2001) end},
     {"an INTERIM is answered 2001",
      fun() -> answered(acr(Session, 3, 1), 2001) end},
     {"a STOP is answered 2001",
      fun() -> answered(acr(Session, 4, 2), 2001) end},
     {"a sub-session, a multi-session and a user name come back as they were sent",
      fun() -> echoes() end},
     {"a Vendor-Specific-Application-Id without an application id is refused with 5005 and an "
      "answer that OTP accepts",
      fun() -> refused(maps:put('Vendor-Specific-Application-Id',
                                [#{'Vendor-Id' => ?TGPP}], acr(session_id(), 1, 0)), 5005) end},
     {"an unknown AVP without the M bit does no harm",
      fun() -> answered(with_avp(acr(session_id(), 1, 0), 9999, false), 2001) end},
     {"an unknown AVP with the M bit is refused with 5001 and comes back in Failed-AVP",
      fun() -> refused(with_avp(acr(session_id(), 1, 0), 9999, true), 5001) end}].

session_id() ->
    unicode:characters_to_binary(diameter:session_id(?HOST)).

acr(Session, Type, Number) ->
    #{'Session-Id' => Session,
      'Origin-Host' => <<?HOST>>, 'Origin-Realm' => <<?REALM>>,
      'Destination-Realm' => <<?REALM>>,
      'Accounting-Record-Type' => Type, 'Accounting-Record-Number' => Number,
      'Acct-Application-Id' => [3],
      'Event-Timestamp' => [calendar:universal_time()],
      'AVP' => [service_context(), service_information()]}.

%% What OTP's base dictionary does not know goes out as plain AVPs.
avp(Code, Vendor, Must, Data) ->
    #diameter_avp{code = Code, vendor_id = Vendor, is_mandatory = Must, data = Data}.

service_context() ->
    avp(461, undefined, true, <<"32260@3gpp.org">>).

service_information() ->
    Generic = group(1256, [member(2101, <<"im1.example.net">>), member(2102, <<100:32>>),
                           member(2103, <<4711:32>>)]),
    Im = group(2110, [member(2114, <<3:32>>), member(2112, <<2:32>>)]),
    Ims = group(876, [member(862, <<6:32>>), member(831, <<"sip:alice@example.net">>),
                      member(832, <<"sip:bob@example.net">>), member(841, <<"icid-otp-1">>)]),
    avp(873, ?TGPP, true, <<Generic/binary, Im/binary, Ims/binary>>).

group(Code, Members) ->
    member(Code, iolist_to_binary(Members)).

member(Code, Data) ->
    Length = 12 + byte_size(Data),
    Padding = (4 - Length rem 4) rem 4,
    <<Code:32, 2#11000000, Length:24, ?TGPP:32, Data/binary, 0:(8 * Padding)>>.

with_avp(#{'AVP' := Avps} = Acr, Code, Must) ->
    Acr#{'AVP' := [avp(Code, undefined, Must, <<"unknown!">>) | Avps]}.

call(Acr) ->
    case diameter:call(?SERVICE, acct, ['ACR' | Acr], [{timeout, 10000}]) of
        {ok, Packet} -> Packet;
        Other -> error({no_answer, Other})
    end.

%% The answer decoded without a complaint, with the result, type and number that it has to have.
answered(Acr, Code) ->
    #diameter_packet{errors = [], header = Header, msg = ['ACA' | Aca]} = call(Acr),
    false = Header#diameter_header.is_error,
    Code = maps:get('Result-Code', Aca),
    same('Session-Id', Acr, Aca),
    same('Accounting-Record-Type', Acr, Aca),
    same('Accounting-Record-Number', Acr, Aca),
    <<"charging.example.net">> = iolist_to_binary(maps:get('Origin-Host', Aca)),
    ok.

same(Key, Acr, Aca) ->
    Sent = text(maps:get(Key, Acr)),
    Sent = text(maps:get(Key, Aca)).

text(Value) when is_integer(Value) -> Value;
text(Value) -> iolist_to_binary(Value).

echoes() ->
    Acr = maps:merge(acr(session_id(), 2, 7),
                     #{'Accounting-Sub-Session-Id' => [5],
                       'Acct-Multi-Session-Id' => [<<"multi;1">>],
                       'User-Name' => [<<"alice@example.net">>]}),
    #diameter_packet{errors = [], msg = ['ACA' | Aca]} = call(Acr),
    [5] = maps:get('Accounting-Sub-Session-Id', Aca),
    [Multi] = maps:get('Acct-Multi-Session-Id', Aca),
    <<"multi;1">> = iolist_to_binary(Multi),
    [User] = maps:get('User-Name', Aca),
    <<"alice@example.net">> = iolist_to_binary(User),
    ok.

refused(Acr, Code) ->
    #diameter_packet{errors = Errors, msg = ['ACA' | Aca]} = call(Acr),
    Code = maps:get('Result-Code', Aca),
    [] = Errors,
    [_] = maps:get('Failed-AVP', Aca),
    same('Accounting-Record-Type', Acr, Aca),
    same('Accounting-Record-Number', Acr, Aca),
    ok.
