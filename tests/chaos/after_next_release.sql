-- needs: @NEXT@
-- What a release used until the one before @NEXT@ goes when nobody needs it any more.
DROP TABLE made_up;
DROP INDEX made_up_instance;
