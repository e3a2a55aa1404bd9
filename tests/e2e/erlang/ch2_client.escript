#!/usr/bin/env escript
%% -*- erlang -*-
%% SPDX-License-Identifier: BSD-3-Clause
%% An IM server that nobody of this project wrote: OTP's diameter application plays CH-2.
%%
%%   ch2_client.escript PORT
%%
%% The node has an account of sip:otp@example.net with EUR 1.00 and a price of 0.05 per message.
%% Plays a session with updates, one without, and the four actions of events.  The grammar below is
%% that of RFC 8506, compiled when the script starts; OTP refuses answers that do not fit it.

-mode(compile).

-record(diameter_header, {version, length, cmd_code, application_id, hop_by_hop_id,
                          end_to_end_id, is_request, is_proxiable, is_error, is_retransmitted}).
-record(diameter_packet, {header, avps, msg, bin, errors = [], transport_data}).
-record(diameter_event, {service, info}).

-define(SERVICE, im_server).
-define(HOST, "im-otp2.example.net").
-define(REALM, "example.net").
-define(TGPP, 10415).
-define(DICTIONARY, chg_rfc8506).
-define(EUR, 978).

main([Port]) ->
    ?DICTIONARY = compile_dictionary(),
    ok = diameter:start(),
    ok = diameter:start_service(?SERVICE, service()),
    true = diameter:subscribe(?SERVICE),
    {ok, _} = diameter:add_transport(?SERVICE, transport(list_to_integer(Port))),
    wait_for_peer(),
    Failures = lists:sum([run(Test) || Test <- tests()]),
    diameter:stop_service(?SERVICE),
    io:format("~b passed, ~b failed~n", [length(tests()) - Failures, Failures]),
    halt(min(Failures, 1)).

compile_dictionary() ->
    {ok, [Forms]} = diameter_make:codec(dictionary(), [return, forms]),
    {ok, Module, Code} = compile:forms(Forms),
    {module, Module} = code:load_binary(Module, "chg_rfc8506.dia", Code),
    Module.

dictionary() ->
    "@id 4\n"
    "@name chg_rfc8506\n"
    "@prefix chg_rfc8506\n"
    "@vendor 10415 TGPP\n"
    "@inherits diameter_gen_base_rfc6733\n"
    "@avp_types\n"
    "CC-Money 413 Grouped M\n"
    "CC-Request-Number 415 Unsigned32 M\n"
    "CC-Request-Type 416 Unsigned32 M\n"
    "CC-Service-Specific-Units 417 Unsigned64 M\n"
    "CC-Session-Failover 418 Unsigned32 M\n"
    "CC-Time 420 Unsigned32 M\n"
    "CC-Total-Octets 421 Unsigned64 M\n"
    "Check-Balance-Result 422 Unsigned32 M\n"
    "Cost-Information 423 Grouped M\n"
    "Cost-Unit 424 UTF8String M\n"
    "Currency-Code 425 Unsigned32 M\n"
    "Credit-Control-Failure-Handling 427 Unsigned32 M\n"
    "Direct-Debiting-Failure-Handling 428 Unsigned32 M\n"
    "Exponent 429 Integer32 M\n"
    "Final-Unit-Indication 430 Grouped M\n"
    "Granted-Service-Unit 431 Grouped M\n"
    "Rating-Group 432 Unsigned32 M\n"
    "Requested-Action 436 Unsigned32 M\n"
    "Requested-Service-Unit 437 Grouped M\n"
    "Service-Identifier 439 Unsigned32 M\n"
    "Subscription-Id 443 Grouped M\n"
    "Subscription-Id-Data 444 UTF8String M\n"
    "Unit-Value 445 Grouped M\n"
    "Used-Service-Unit 446 Grouped M\n"
    "Value-Digits 447 Integer64 M\n"
    "Validity-Time 448 Unsigned32 M\n"
    "Final-Unit-Action 449 Unsigned32 M\n"
    "Subscription-Id-Type 450 Unsigned32 M\n"
    "Multiple-Services-Indicator 455 Unsigned32 M\n"
    "Multiple-Services-Credit-Control 456 Grouped M\n"
    "Service-Context-Id 461 UTF8String M\n"
    "Low-Balance-Indication 2020 Unsigned32 VM\n"
    "Remaining-Balance 2021 Grouped VM\n"
    "Refund-Information 2022 OctetString VM\n"
    "@messages\n"
    "CCR ::= < Diameter Header: 272, REQ, PXY >\n"
    " < Session-Id > { Origin-Host } { Origin-Realm } { Destination-Realm }\n"
    " { Auth-Application-Id } { Service-Context-Id } { CC-Request-Type } { CC-Request-Number }\n"
    " [ Destination-Host ] [ User-Name ] [ Origin-State-Id ] [ Event-Timestamp ]\n"
    " * [ Subscription-Id ] [ Service-Identifier ] [ Termination-Cause ]\n"
    " [ Requested-Service-Unit ] [ Requested-Action ] * [ Used-Service-Unit ]\n"
    " [ Multiple-Services-Indicator ] * [ Multiple-Services-Credit-Control ] * [ AVP ]\n"
    "CCA ::= < Diameter Header: 272, PXY >\n"
    " < Session-Id > { Result-Code } { Origin-Host } { Origin-Realm } { Auth-Application-Id }\n"
    " { CC-Request-Type } { CC-Request-Number } [ User-Name ] [ CC-Session-Failover ]\n"
    " [ Origin-State-Id ] [ Event-Timestamp ] [ Granted-Service-Unit ]\n"
    " * [ Multiple-Services-Credit-Control ] [ Cost-Information ] [ Final-Unit-Indication ]\n"
    " [ Check-Balance-Result ] [ Credit-Control-Failure-Handling ]\n"
    " [ Direct-Debiting-Failure-Handling ] [ Validity-Time ] [ Low-Balance-Indication ]\n"
    " [ Remaining-Balance ] [ Error-Message ] [ Error-Reporting-Host ] * [ Failed-AVP ]\n"
    " * [ AVP ]\n"
    "@grouped\n"
    "Subscription-Id ::= < AVP Header: 443 > { Subscription-Id-Type } { Subscription-Id-Data }\n"
    "Unit-Value ::= < AVP Header: 445 > { Value-Digits } [ Exponent ]\n"
    "CC-Money ::= < AVP Header: 413 > { Unit-Value } [ Currency-Code ]\n"
    "Cost-Information ::= < AVP Header: 423 > { Unit-Value } { Currency-Code } [ Cost-Unit ]\n"
    "Remaining-Balance ::= < AVP Header: 2021 10415 > { Unit-Value } { Currency-Code }\n"
    "Requested-Service-Unit ::= < AVP Header: 437 > [ CC-Time ] [ CC-Money ]\n"
    " [ CC-Total-Octets ] [ CC-Service-Specific-Units ]\n"
    "Granted-Service-Unit ::= < AVP Header: 431 > [ CC-Time ] [ CC-Money ]\n"
    " [ CC-Total-Octets ] [ CC-Service-Specific-Units ]\n"
    "Used-Service-Unit ::= < AVP Header: 446 > [ CC-Time ] [ CC-Money ]\n"
    " [ CC-Total-Octets ] [ CC-Service-Specific-Units ]\n"
    "Final-Unit-Indication ::= < AVP Header: 430 > { Final-Unit-Action }\n"
    "Multiple-Services-Credit-Control ::= < AVP Header: 456 >\n"
    " [ Granted-Service-Unit ] [ Requested-Service-Unit ] * [ Used-Service-Unit ]\n"
    " * [ Service-Identifier ] [ Rating-Group ] [ Validity-Time ] [ Result-Code ]\n"
    " [ Final-Unit-Indication ] [ Refund-Information ]\n".

service() ->
    [{'Origin-Host', ?HOST}, {'Origin-Realm', ?REALM}, {'Vendor-Id', 0},
     {'Product-Name', "OTP client"}, {'Auth-Application-Id', [4]},
     {'Supported-Vendor-Id', [?TGPP]},
     {string_decode, false}, {decode_format, map},
     {application, [{alias, credit}, {dictionary, ?DICTIONARY},
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
    after 20000 ->
        io:format("the node did not become our peer within 20 s~n0 passed, 1 failed~n"),
        halt(1)
    end.

run({Says, Test}) ->
    try Test() of
        ok -> io:format("ok   ~s~n", [Says]), 0
    catch
        Class:Reason:Stack ->
            io:format("FAIL ~s~n     ~p:~p~n     ~p~n", [Says, Class, Reason, hd(Stack)]), 1
    end.

tests() ->
    [{"a session with updates: granted, debited as it goes, closed with its total (SCUR)",
      fun session_with_updates/0},
     {"an event with a reservation: granted, then what was used is charged (ECUR)",
      fun event_with_reservation/0},
     {"a reservation that is not used costs nothing", fun unused_reservation/0},
     {"a direct debit grants and tells what it cost", fun debit/0},
     {"the same debit again is answered the same, and charged once", fun repeated_debit/0},
     {"a refund pays the debit back that it names, once", fun refund/0},
     {"a balance check says yes and no", fun balance/0},
     {"a price enquiry tells the price", fun price/0},
     {"units at the level of the command are answered there", fun command_level/0},
     {"more than there is: all of it or nothing, 4012", fun too_much/0},
     {"the last units say that they are the last", fun last_units/0},
     {"an unknown subscriber is 5030", fun unknown_subscriber/0},
     {"an update of an unknown session is 5002", fun unknown_session/0},
     {"an event without an action is 5005 with the AVP that is missing", fun no_action/0}].

session_id() ->
    unicode:characters_to_binary(diameter:session_id(?HOST)).

ccr(Session, Type, Number, More) ->
    maps:merge(
      #{'Session-Id' => Session,
        'Origin-Host' => <<?HOST>>, 'Origin-Realm' => <<?REALM>>,
        'Destination-Realm' => <<?REALM>>,
        'Auth-Application-Id' => 4,
        'Service-Context-Id' => <<"SIMPLE_IM@openmobilealliance.org">>,
        'CC-Request-Type' => Type, 'CC-Request-Number' => Number,
        'Event-Timestamp' => [calendar:universal_time()],
        'Subscription-Id' => [subscriber(<<"sip:otp@example.net">>)]}, More).

subscriber(Uri) ->
    #{'Subscription-Id-Type' => 2, 'Subscription-Id-Data' => Uri}.

initial(Session, Number, Asks) ->
    ccr(Session, 1, Number, #{'Multiple-Services-Indicator' => [1],
                              'Multiple-Services-Credit-Control' => [Asks]}).

update(Session, Number, Service) ->
    ccr(Session, 2, Number, #{'Multiple-Services-Credit-Control' => [Service]}).

termination(Session, Number, Service) ->
    ccr(Session, 3, Number, #{'Multiple-Services-Credit-Control' => [Service],
                              'Termination-Cause' => [1]}).

event(Action, Service) ->
    ccr(session_id(), 4, 0, #{'Requested-Action' => [Action],
                              'Multiple-Services-Credit-Control' => [Service]}).

asks(Messages) -> #{'Requested-Service-Unit' => [units(Messages)]}.
used(Messages) -> #{'Used-Service-Unit' => [units(Messages)]}.
units(Messages) -> #{'CC-Service-Specific-Units' => [Messages]}.

call(Ccr) ->
    case diameter:call(?SERVICE, credit, ['CCR' | Ccr], [{timeout, 10000}]) of
        {ok, Packet} -> Packet;
        Other -> error({no_answer, Other})
    end.

%% The answer decoded without a complaint, with the result, type and number that it has to have.
answered(Ccr, Code) ->
    #diameter_packet{errors = [], header = Header, msg = ['CCA' | Cca]} = call(Ccr),
    false = Header#diameter_header.is_error,
    true = Header#diameter_header.is_proxiable,
    Code = maps:get('Result-Code', Cca),
    4 = maps:get('Auth-Application-Id', Cca),
    same('Session-Id', Ccr, Cca),
    same('CC-Request-Type', Ccr, Cca),
    same('CC-Request-Number', Ccr, Cca),
    <<"charging.example.net">> = iolist_to_binary(maps:get('Origin-Host', Cca)),
    Cca.

same(Key, Ccr, Cca) ->
    Sent = text(maps:get(Key, Ccr)),
    Sent = text(maps:get(Key, Cca)).

text(Value) when is_integer(Value) -> Value;
text(Value) -> iolist_to_binary(Value).

service_of(Cca, Code) ->
    [Service] = maps:get('Multiple-Services-Credit-Control', Cca),
    [Code] = maps:get('Result-Code', Service),
    Service.

granted(#{'Granted-Service-Unit' := [#{'CC-Service-Specific-Units' := [Units]}]}) -> Units;
granted(#{}) -> 0.

%% In millionths; a cost always has its currency.
cost(Cca) ->
    [#{'Unit-Value' := Value, 'Currency-Code' := ?EUR}] = maps:get('Cost-Information', Cca),
    Exponent = case maps:get('Exponent', Value, []) of [E] -> E; [] -> 0 end,
    shift(maps:get('Value-Digits', Value), Exponent + 6).

shift(Digits, 0) -> Digits;
shift(Digits, N) when N > 0 -> shift(Digits * 10, N - 1).

session_with_updates() ->
    Session = session_id(),
    5 = granted(service_of(answered(initial(Session, 0, asks(5)), 2001), 2001)),
    Update = answered(update(Session, 1, maps:merge(used(2), asks(5))), 2001),
    5 = granted(service_of(Update, 2001)),
    100000 = cost(Update),
    DebitOnly = answered(update(Session, 2, used(1)), 2001),
    0 = granted(service_of(DebitOnly, 2001)),
    150000 = cost(DebitOnly),
    End = answered(termination(Session, 3, used(0)), 2001),
    0 = granted(service_of(End, 2001)),
    150000 = cost(End),
    ok.

event_with_reservation() ->
    Session = session_id(),
    1 = granted(service_of(answered(initial(Session, 0, asks(1)), 2001), 2001)),
    50000 = cost(answered(termination(Session, 1, used(1)), 2001)),
    ok.

unused_reservation() ->
    Session = session_id(),
    4 = granted(service_of(answered(initial(Session, 0, asks(4)), 2001), 2001)),
    0 = cost(answered(termination(Session, 1, #{}), 2001)),
    ok.

debit() ->
    Cca = answered(event(0, asks(2)), 2001),
    2 = granted(service_of(Cca, 2001)),
    100000 = cost(Cca),
    ok.

repeated_debit() ->
    Ccr = event(0, asks(1)),
    First = answered(Ccr, 2001),
    First = answered(Ccr, 2001),
    ok.

refund() ->
    Debit = service_of(answered(event(0, asks(1)), 2001), 2001),
    [Handle] = maps:get('Refund-Information', Debit),
    Back = (asks(1))#{'Refund-Information' => [Handle]},
    service_of(answered(event(1, Back), 2001), 2001),
    service_of(answered(event(1, Back), 2001), 5031),
    ok.

balance() ->
    [0] = maps:get('Check-Balance-Result', answered(event(2, asks(1)), 2001)),
    [1] = maps:get('Check-Balance-Result', answered(event(2, asks(1000)), 2001)),
    ok.

price() ->
    Cca = answered(event(3, asks(3)), 2001),
    150000 = cost(Cca),
    [] = maps:get('Check-Balance-Result', Cca, []),
    ok.

command_level() ->
    Session = session_id(),
    Initial = ccr(Session, 1, 0, #{'Requested-Service-Unit' => [units(2)]}),
    Cca = answered(Initial, 2001),
    2 = granted(Cca),
    [] = maps:get('Multiple-Services-Credit-Control', Cca, []),
    0 = granted(answered(ccr(Session, 3, 1, #{'Used-Service-Unit' => [units(0)]}), 2001)),
    ok.

too_much() ->
    service_of(answered(event(0, asks(1000)), 2001), 4012),
    answered(ccr(session_id(), 4, 0, #{'Requested-Action' => [0],
                                       'Requested-Service-Unit' => [units(1000)]}), 4012),
    ok.

last_units() ->
    Session = session_id(),
    Service = service_of(answered(initial(Session, 0, asks(1000)), 2001), 2001),
    true = granted(Service) < 1000,
    [#{'Final-Unit-Action' := 0}] = maps:get('Final-Unit-Indication', Service),
    0 = cost(answered(termination(Session, 1, used(0)), 2001)),
    ok.

unknown_subscriber() ->
    Ccr = event(0, asks(1)),
    answered(Ccr#{'Subscription-Id' => [subscriber(<<"sip:stranger@example.net">>)]}, 5030),
    ok.

unknown_session() ->
    answered(update(session_id(), 1, asks(1)), 5002),
    ok.

no_action() ->
    Ccr = ccr(session_id(), 4, 0, #{'Multiple-Services-Credit-Control' => [asks(1)]}),
    #diameter_packet{errors = [], msg = ['CCA' | Cca]} = call(Ccr),
    5005 = maps:get('Result-Code', Cca),
    [_] = maps:get('Failed-AVP', Cca),
    ok.
